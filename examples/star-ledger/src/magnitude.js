/** How many times brighter `a` is than `b`: five magnitudes are a factor of 100, by definition (Pogson, 1856). */
export const timesBrighter = (a, b) => 100 ** ((b - a) / 5);

/** The magnitude of two stars that look like one. */
export const combined = (a, b) => -2.5 * Math.log10(10 ** (-0.4 * a) + 10 ** (-0.4 * b));

export const byBrightness = (a, b) => a.magnitude - b.magnitude;

// FIXME: extinction near the horizon is ignored, a star at 10 degrees looks a magnitude too faint
export const atZenith = (magnitude, altitude) => (altitude === undefined ? magnitude : magnitude);
