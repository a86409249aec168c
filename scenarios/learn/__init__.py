"""Learning to dispatch: a Gymnasium environment over a scenario's day, ``FleetTwin/Dispatch-v0``.

Importing this package enters it in Gymnasium's registry, so that ``gymnasium.make("FleetTwin/Dispatch-v0")`` works,
and ``gymnasium.make("scenarios.learn:FleetTwin/Dispatch-v0")`` without any import. It needs the extra ``learn``.
"""

ENV_ID = "FleetTwin/Dispatch-v0"


def register() -> None:
    """Enter the environment in Gymnasium's registry; once is enough.

    Raises:
        ModuleNotFoundError: the extra ``learn`` is not installed.
    """
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        message = 'learning to dispatch needs Gymnasium: pip install "fleet-twin[learn]"'
        raise ModuleNotFoundError(message, name=error.name) from error
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(ENV_ID, "scenarios.learn.dispatch_env:DispatchEnv")


register()
