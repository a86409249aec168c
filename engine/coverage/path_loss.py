"""How a signal fades on its way: distance, hills."""

import numpy as np


def hata_suburban_db(frequency_mhz: float, distance_km: np.ndarray, mast_m: float, phone_m: float) -> np.ndarray:
    """Median path loss in a suburb; ``distance_km`` of 1 to 20 km, held at that of 20 m below it.

    Source: Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE Trans. Vehicular
    Technology 1980: 150 to 1,500 MHz, masts of 30 to 200 m, receivers at 1 to 10 m. Nearer than 1 km it is an
    extrapolation, where the signal is good anyway.
    """
    log_f, log_h = np.log10(frequency_mhz), np.log10(mast_m)
    receiver = (1.1 * log_f - 0.7) * phone_m - (1.56 * log_f - 0.8)
    urban = 69.55 + 26.16 * log_f - 13.82 * log_h - receiver
    urban = urban + (44.9 - 6.55 * log_h) * np.log10(np.maximum(distance_km, 0.02))
    return urban - 2 * np.log10(frequency_mhz / 28) ** 2 - 5.4


def knife_edge_db(above_m: np.ndarray, near_m: np.ndarray, far_m: np.ndarray, frequency_mhz: float) -> np.ndarray:
    """Loss over one sharp edge that stands ``above_m`` over the straight line (below: negative).

    ``near_m`` and ``far_m`` are its distances from both ends. Source: ITU-R P.526, the approximation for
    nu > -0.78, nothing below.
    """
    wavelength_m = 299.792458 / frequency_mhz
    nu = above_m * np.sqrt(2 * (near_m + far_m) / (wavelength_m * near_m * far_m))
    v = np.maximum(nu, -0.78) - 0.1
    return np.where(nu > -0.78, 6.9 + 20 * np.log10(np.sqrt(v * v + 1) + v), 0.0)
