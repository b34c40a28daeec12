from hypothesis import settings, Phase, HealthCheck
settings.register_profile("fast", max_examples=25, derandomize=True, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
