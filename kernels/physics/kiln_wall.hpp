#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Stefan-Boltzmann constant in W/m2K when temperatures are in units of 1000 K (CODATA 2018: 5.670374e-8 W/m2K4).
inline constexpr double kSigma = 56.70374;

/// Heating of a kiln wall: radial conduction through refractory with k = k0 (1 + b T), inside convection and radiation
/// from the gas, outside a thin steel shell that stores heat and loses it by convection and radiation.
///
///   rho c T_t = 1/(d^2 r) d/dx( r k T_x ),   r = Ri + d x
///   x = 0:  -(k/d) T_x = h (Tg - T) + eps sigma (Tg^4 - T^4)
///   x = 1:  -(k/d) T_x = C_sh T_t + ho (T - Ta) + eps_o sigma (T^4 - Ta^4)
///   T = T0 at t = 0
///
/// T in 1000 K, x is the depth over the thickness d, t in units of 10 h. The shell has one temperature: its Biot number
/// is below 0.01. The interior residual is divided by k0/d^2 and weighted by about the square root of the time early
/// on, where T_t is singular; a stronger weight would let errors in through the first minutes.
struct KilnWall {
  static constexpr std::string_view name = "kiln_wall",
                                    summary = "heating of a kiln wall from inside, through to its shell";
  enum Coord { t, x, kCoords };
  enum Param { Tg, h, d, k0, T0, b, C, Ri, eps, Csh, ho, epso, Ta, kParams };
  enum Field { T, kFields };
  static constexpr double kHours = 10, kSeconds = 3600 * kHours;
  static constexpr double grading = 2;  ///< what goes wrong in the first minutes stays in the wall

  static constexpr Quantity coords[] = {
      {"time", "h", "since the gas came", kHours, 10, 0, 24},
      {"depth", "-", "depth over thickness, from the hot face", 1, 0, 0, 1, Domain::share}};
  static constexpr Quantity params[] = {
      {"gas_temperature", "K", "temperature of the kiln gas", 1000, 1300, 900, 1500},
      {"film_coefficient", "W/m2K", "convective film, gas to wall", 1, 30, 10, 60},
      {"thickness", "m", "refractory", 1, 0.2, 0.1, 0.25, Domain::positive},
      {"conductivity", "W/mK", "refractory, extrapolated to 0 K", 1, 1.2, 0.8, 2, Domain::positive},
      {"initial_temperature", "K", "uniform, when the gas comes", 1000, 400, 300, 900},
      {"conductivity_slope", "1/K", "relative growth of the conductivity", 1e-3, 2e-4, 2e-4, 2e-4, Domain::any},
      {"heat_capacity", "J/m3K", "refractory, by volume", 1e6, 2.2e6, 2.2e6, 2.2e6, Domain::positive},
      {"inner_radius", "m", "of the hot face", 1, 0.4, 0.4, 0.4, Domain::positive},
      {"inner_emissivity", "-", "effective, gas to wall", 1, 0.25, 0.25, 0.25},
      {"shell_capacity", "J/m2K", "steel shell, by area", 1e4, 2.28e4, 2.28e4, 2.28e4},
      {"outer_film", "W/m2K", "convective film, shell to ambient", 1, 12, 12, 12},
      {"outer_emissivity", "-", "shell", 1, 0.8, 0.8, 0.8},
      {"ambient_temperature", "K", "around the kiln", 1000, 298, 298, 298}};
  static constexpr Quantity fields[] = {{"temperature", "K", "of the wall", 1000, 0, 280, 1500}};

  /// The wall stays between the temperatures of gas, start and ambient: there it has to conduct.
  static constexpr const char* ill_posed(const double* p) {
    const bool conducts = 1 + p[b] * p[Tg] > 0 && 1 + p[b] * p[T0] > 0 && 1 + p[b] * p[Ta] > 0;
    return conducts ? nullptr
                    : "1 + conductivity_slope * T above 0 at gas_temperature, initial_temperature and "
                      "ambient_temperature";
  }

  /// Diffusion time scale: k0 t_ref / (rho c d^2).
  template <class S>
  RESIDUA_HD static constexpr S fourier(const S* p) {
    return p[k0] * number<S>(kSeconds * 1e-6) / (p[C] * p[d] * p[d]);
  }

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const S Fo = fourier(p), root = sqrt(Fo * u.at(t));
      const auto k = 1 + p[b] * u[T];
      const auto conduction =
          k * (u.d(T, x, x) + u.d(T, x) * (p[d] / (p[Ri] + p[d] * u.at(x)))) + p[b] * u.d(T, x) * u.d(T, x);
      return rows((u.d(T, t) / Fo - conduction) * (root / (root + number<S>(0.1))));
    }
  };
  struct HotFace {
    static constexpr std::string_view name = "hot_face";
    static constexpr Side region[] = {Side::inside, Side::lower};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const S film = p[h] * p[d] / p[k0], radiant = p[eps] * number<S>(kSigma) * p[d] / p[k0];
      const auto T2 = u[T] * u[T];
      const S Tg2 = p[Tg] * p[Tg];
      const auto gain = film * (p[Tg] - u[T]) + radiant * (Tg2 * Tg2 - T2 * T2);
      return rows(((1 + p[b] * u[T]) * u.d(T, x) + gain) / (1 + film + 4 * radiant));
    }
  };
  struct Shell {
    static constexpr std::string_view name = "shell";
    static constexpr Side region[] = {Side::inside, Side::upper};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const S thin = p[d] / p[k0], film = p[ho] * thin, radiant = p[epso] * number<S>(kSigma) * thin;
      const S store = p[Csh] * number<S>(1e4 / kSeconds) * thin;
      const auto T2 = u[T] * u[T];
      const S Ta2 = p[Ta] * p[Ta];
      const auto loss = film * (u[T] - p[Ta]) + radiant * (T2 * T2 - Ta2 * Ta2);
      return rows(((1 + p[b] * u[T]) * u.d(T, x) + store * u.d(T, t) + loss) / (1 + film));
    }
  };
  using Terms = std::tuple<Interior, HotFace, Shell>;

  /// Depth, the reach of the heat wave sqrt(Fo t), and the distances to both faces in units of that reach. The
  /// transform has the sharp early waves, so these views stay smooth.
  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    const X reach = sqrt(at[t] * fourier(p) + number<S>(1e-6)), width = 2 * reach + number<S>(0.2);
    return rows(at[x], reach / (reach + 1), at[x] / (at[x] + width), (1 - at[x]) / (1 - at[x] + width),
                log(number<S>(0.1) + reach));
  }

  /// Starts from two half-spaces, one at either face, with properties and radiation as at T0: what the wall does before
  /// the waves meet. The network adds what grows with time; T = T0 at t = 0 holds.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const S k = 1 + p[b] * p[T0], thin = p[d] / (p[k0] * k), sigma = number<S>(kSigma);
    const S inside = (p[h] + p[eps] * sigma * (p[Tg] * p[Tg] + p[T0] * p[T0]) * (p[Tg] + p[T0])) * thin;
    const S outside = (p[ho] + p[epso] * sigma * (p[Ta] * p[Ta] + p[T0] * p[T0]) * (p[Ta] + p[T0])) * thin;
    const X reach = sqrt(at[t] * (fourier(p) * k) + number<S>(1e-8));
    const X start =
        half_space(at[x], reach, inside) * (p[Tg] - p[T0]) + half_space(1 - at[x], reach, outside) * (p[Ta] - p[T0]);
    return rows(start + p[T0] + reach / (reach + number<S>(0.5)) * net[T]);
  }

  static auto exact() {
    // d = 0.1, Ri = 0.4, k0 = 2, C = 1 (1e6 J/m3K): Fo = 7.2
    return std::tuple{
        // Steady conduction with k = k0 (1 + b T): T + b T^2 / 2 is linear in ln r (Kirchhoff); both faces as computed.
        ExactCase{"steady through k(T), curved",
                  {0, 0, 0.1, 2, 0.5, 0.5, 1, 0.4, 0, 0, 0, 0, 0.3},
                  [](const auto* at, auto* f) {
                    const auto kirchhoff = 1.2 - log(1 + at[x] / 4);
                    f[T] = (sqrt(1 + kirchhoff) - 1) / 0.5;
                  }},
        // A wall of constant properties whose faces are insulated from all but a steady heating rate: a parabola that
        // rises with time. Flat, so the curvature term is the one that vanishes; Ri is huge.
        ExactCase{"heating at a constant rate",
                  {0, 0, 0.1, 2, 0.5, 0, 1, 1e12, 0, 0, 0, 0, 0},
                  [](const auto* at, auto* f) { f[T] = at[t] * 7.2 * 0.3 + at[x] * at[x] * 0.15 + 0.5; }},
        // Both faces: a temperature linear in x and t with every exchange switched on, balanced at the faces for all t
        // only where T is constant: equilibrium with gas and ambient at one temperature.
        ExactCase{"equilibrium",
                  {0.7, 30, 0.1, 2, 0.7, 0.2, 1, 0.4, 0.3, 2, 12, 0.8, 0.7},
                  [](const auto*, auto* f) { f[T] = 0.7; },
                  "hot_face shell"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
