"""Fuel and battery: the road-load model, stop-and-go, idling, regeneration and charging.

Force at the wheels at a steady speed: Crr m g cos + rho/2 CdA v^2 + m g sin; every full stop costs the
kinetic energy m v^2 / 2 once more. Marks: [S] sourced, [A] assumed default (change it per scenario), [C]
computed from these. Flat and steady at 30 / 50 / 80 / 105 km/h the diesel types use, in l/100 km [C]:
van 6.4 / 6.9 / 10.3 / 14.9, box truck 13.7 / 14.0 / 19.6 / 27.3, tractor 22.7 / 22.6 / 28.3 / 36.4.
ICCT measured 29.9-32.6 l/100 km for tractor-trailers on a long-haul cycle [S], between the steady values.
"""

from dataclasses import dataclass, replace

import numpy as np

GRAVITY = 9.81
AIR_KG_PER_M3 = 1.2
DIESEL_J_PER_L = 35.8e6
PETROL_J_PER_L = 32.2e6
DIESEL_CO2_KG_PER_L = 2.70
"""10.21 kg per US gallon, EPA emission factors hub [S]."""
PETROL_CO2_KG_PER_L = 2.32
"""8.78 kg per US gallon, EPA emission factors hub [S]."""
REGENERATED = 0.60
"""Share of braking energy an electric vehicle puts back into its battery [A]."""
CHARGER_EFFICIENCY = 0.90
"""Battery energy per grid energy at a depot charger, 0.88-0.92 [A]."""
_TAPER_FROM, _TAPER_TO = 0.80, 0.10
_MWH_PER_J = 1 / 3.6


@dataclass(frozen=True)
class VehicleType:
    """What a kind of vehicle weighs, resists and burns; a battery makes it electric."""

    name: str
    mass_kg: float  # with an average load
    cda_m2: float  # drag coefficient times frontal area
    crr: float  # rolling resistance
    drive_efficiency: float  # engine or battery to wheel
    max_speed_mps: float
    truck: bool = False
    engine_efficiency: float = 1.0  # fuel to crankshaft
    idle_l_per_h: float = 0.0
    tank_l: float = 0.0
    fuel_j_per_l: float = DIESEL_J_PER_L
    co2_kg_per_l: float = 0.0
    battery_kwh: float = 0.0
    charge_kw: float = 0.0  # the most the vehicle takes
    auxiliary_kw: float = 0.0

    @property
    def electric(self) -> bool:
        return self.battery_kwh > 0

    def drive(
        self,
        length_m: np.ndarray,
        duration_s: np.ndarray,
        stops: np.ndarray | float = 0.0,
        grade: np.ndarray | float = 0.0,
        load_kg: float = 0.0,
    ) -> np.ndarray:
        """What a drive uses up to each keyframe: int64 [n + 1] from 0, microlitres or (electric)
        milliwatt-hours.

        ``length_m`` and ``duration_s`` [n] are the pieces between keyframes, ``stops`` how many full stops
        each holds (a piece left from standstill holds one), ``grade`` rise over run, ``load_kg`` what is
        carried beyond the average. Electric use may fall on a descent. Raises ValueError for a duration of
        zero or less.
        """
        length, duration = np.asarray(length_m, float), np.asarray(duration_s, float)
        if np.count_nonzero(duration > 0) < len(duration):
            raise ValueError(f"{self.name}: every piece of a drive must take time, got {duration.min()} s")
        mass = self.mass_kg + load_kg
        v2 = (length / duration) ** 2
        cos = (1.0 + grade * grade) ** -0.5
        force = mass * GRAVITY * cos * (self.crr + grade) + 0.5 * AIR_KG_PER_M3 * self.cda_m2 * v2
        wheel_j, kinetic_j = force * length, stops * (0.5 * mass) * v2
        used = np.zeros(len(length) + 1, np.int64)
        used[1:] = np.rint(self._used(wheel_j, kinetic_j, duration).cumsum())
        return used

    def idle(self, duration_s: float) -> int:
        """What standing with the engine (or the auxiliaries) on uses: microlitres or milliwatt-hours."""
        return round(float(self._used(np.zeros(1), 0.0, np.array([float(duration_s)]))[0]))

    def _used(self, wheel_j: np.ndarray, kinetic_j: np.ndarray | float, duration_s: np.ndarray) -> np.ndarray:
        driving_j = np.maximum(wheel_j, 0.0) + kinetic_j
        if self.electric:
            braking_j = np.maximum(-wheel_j, 0.0) + kinetic_j
            battery_j = driving_j / self.drive_efficiency - REGENERATED * braking_j
            return (battery_j + self.auxiliary_kw * 1e3 * duration_s) * _MWH_PER_J
        fuel_l = driving_j / (self.drive_efficiency * self.engine_efficiency * self.fuel_j_per_l)
        return (fuel_l + self.idle_l_per_h / 3600 * duration_s) * 1e6

    def charge_power_kw(self, soc: float, charger_kw: float) -> float:
        """Power into the battery: the least of charger, vehicle and the vehicle's taper above 80 %."""
        over = max(soc - _TAPER_FROM, 0.0) / (1 - _TAPER_FROM)
        return min(charger_kw, self.charge_kw * (1 - (1 - _TAPER_TO) * over))

    def charge_time_s(self, soc_from: float, soc_to: float, charger_kw: float) -> float:
        """How long charging from one state of charge to another takes (exact integral of the power curve).

        Raises ValueError for a vehicle without a battery, a charger without power or states of charge out of
        order.
        """
        if not self.electric:
            raise ValueError(f"{self.name}: has no battery to charge")
        if not charger_kw > 0:
            raise ValueError(f"{self.name}: charger_kw must be positive, not {charger_kw}")
        if not 0 <= soc_from <= soc_to <= 1:
            raise ValueError(f"{self.name}: cannot charge from {soc_from} to {soc_to}, expected 0 <= from <= to <= 1")
        slope = (1 - _TAPER_TO) / (1 - _TAPER_FROM)
        flat_kw = min(charger_kw, self.charge_kw)
        bend = min(_TAPER_FROM + (1 - flat_kw / self.charge_kw) / slope, 1.0)  # where the taper becomes the limit
        hours = max(min(soc_to, bend) - soc_from, 0.0) * self.battery_kwh / flat_kw
        if soc_to > bend:
            start, end = (1 - slope * (max(soc, bend) - _TAPER_FROM) for soc in (soc_from, soc_to))
            hours += self.battery_kwh / (self.charge_kw * slope) * float(np.log(start / end))
        return hours * 3600

    def charge(self, soc_from: float, soc_to: float, charger_kw: float) -> tuple[np.ndarray, np.ndarray]:
        """Charging as keyframes, one a percent: us from 0 and energy drawn in mWh from 0 (it falls)."""
        soc = np.linspace(soc_from, soc_to, max(2, int(np.ceil((soc_to - soc_from) * 100)) + 1))
        t_us = [round(self.charge_time_s(soc_from, float(min(s, soc_to)), charger_kw) * 1e6) for s in soc]
        energy = np.rint((soc_from - soc) * self.battery_kwh * 1e6).astype(np.int64)
        return np.array(t_us, np.int64), energy


_VAN = VehicleType("van_diesel", 3_000.0, 2.8, 0.0100, drive_efficiency=0.90, max_speed_mps=36.1)
_BOX = VehicleType("box_truck_diesel", 10_000.0, 5.0, 0.0075, drive_efficiency=0.90, max_speed_mps=29.2, truck=True)
_TRACTOR = VehicleType("tractor_diesel", 32_000.0, 6.0, 0.0060, drive_efficiency=0.92, max_speed_mps=29.2, truck=True)
_CAR = VehicleType("car", 1_500.0, 0.65, 0.0100, drive_efficiency=0.90, max_speed_mps=36.1)


def _fuelled(kind: VehicleType, engine_efficiency: float, idle_l_per_h: float, tank_l: float) -> VehicleType:
    return replace(
        kind,
        engine_efficiency=engine_efficiency,
        idle_l_per_h=idle_l_per_h,
        tank_l=tank_l,
        co2_kg_per_l=DIESEL_CO2_KG_PER_L,
    )


def _electric(kind: VehicleType, name: str, battery_kwh: float, charge_kw: float, auxiliary_kw: float) -> VehicleType:
    return replace(
        kind,
        name=name,
        drive_efficiency=0.85,
        battery_kwh=battery_kwh,
        charge_kw=charge_kw,
        auxiliary_kw=auxiliary_kw,
    )


TYPES: dict[str, VehicleType] = {
    kind.name: kind
    for kind in (
        _fuelled(_VAN, 0.38, 0.9, 80.0),
        _fuelled(_BOX, 0.40, 1.9, 190.0),
        _fuelled(_TRACTOR, 0.44, 2.4, 800.0),
        _electric(_VAN, "van_electric", 75.0, 115.0, 0.8),
        _electric(_BOX, "box_truck_electric", 220.0, 150.0, 2.0),
        replace(_fuelled(_CAR, 0.30, 0.6, 50.0), fuel_j_per_l=PETROL_J_PER_L, co2_kg_per_l=PETROL_CO2_KG_PER_L),
    )
}
"""Preset vehicle types by name. Masses, areas, resistances, efficiencies and idling of van, box truck and
tractor are the table this module's figures come from; tanks, batteries, charging powers, top speeds and the
car are [A], but the car's idling (0.16 US gal/h, a compact sedan, DOE Fact 861 [S])."""
