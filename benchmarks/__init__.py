"""The same equations in plain Python, to check the compiled ones against and to race them with."""
