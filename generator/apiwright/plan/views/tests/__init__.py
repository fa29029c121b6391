"""The tests that come with a service: `kit` is what all build on, `scene` what one arranges."""
