"""What is registered, as ``twin list`` prints it: a name and a line."""

import inspect


def registered(what: str) -> list[tuple[str, str]]:
    """Names and summaries of policies, planners, incidents, kpis, alerts or protocols."""
    return {
        "policies": _policies,
        "planners": _planners,
        "incidents": _incidents,
        "kpis": _kpis,
        "alerts": _alerts,
        "protocols": list,
    }[what]()


def _policies() -> list[tuple[str, str]]:
    from twin.policies import policies

    return [(name, _first_line(policy)) for name, policy in policies().items()]


def _planners() -> list[tuple[str, str]]:
    from twin.planning import PLANNERS
    from twin.planning import registered as planners

    return [(name, f"{_planner_summary(target)}") for name, target in (PLANNERS | planners()).items()]


def _planner_summary(target: str) -> str:
    from importlib import import_module

    module = import_module(target.partition(":")[0])
    return (module.__doc__ or "").strip().splitlines()[0]


def _incidents() -> list[tuple[str, str]]:
    from scenarios.incidents import INCIDENTS

    return [(name, incident.summary) for name, incident in INCIDENTS.items()]


def _alerts() -> list[tuple[str, str]]:
    from twin.alerts import alert_rules

    return [(name, rule.summary) for name, rule in alert_rules().items()]


def _kpis() -> list[tuple[str, str]]:
    from twin.kpis.registry import KPIS

    return [(name, f"[{kpi.unit}] {kpi.doc}") for name, kpi in KPIS.items()]


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").splitlines()[0] if inspect.getdoc(thing) else ""
