"""What holds for every test: hypothesis asserts no time, because machines differ and are busy."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
