// Where to look: positions good enough for the naked eye, about a quarter of a degree.

const DEGREES = Math.PI / 180;

/** Days since noon UTC on 1 January 4713 BC, by the proleptic Julian calendar. */
export const julianDay = (time) => time.getTime() / 86_400_000 + 2_440_587.5;

/** Sidereal time at a longitude (degrees, east is positive), in degrees from 0 to 360. */
export const siderealTime = (time, longitude) => {
  const days = julianDay(time) - 2_451_545;
  const greenwich = 280.46061837 + 360.98564736629 * days;
  const local = (greenwich + longitude) % 360;
  return local < 0 ? local + 360 : local;
};

/** Altitude above the horizon in degrees; below it is negative. */
export const altitude = ({ rightAscension, declination }, { latitude, longitude }, time) => {
  const hourAngle = (siderealTime(time, longitude) - rightAscension) * DEGREES;
  const sine =
    Math.sin(latitude * DEGREES) * Math.sin(declination * DEGREES) +
    Math.cos(latitude * DEGREES) * Math.cos(declination * DEGREES) * Math.cos(hourAngle);
  return Math.asin(sine) / DEGREES;
};

/** Compass direction in degrees, from north over east. */
export const azimuth = ({ rightAscension, declination }, { latitude, longitude }, time) => {
  const hourAngle = (siderealTime(time, longitude) - rightAscension) * DEGREES;
  const east = -Math.sin(hourAngle);
  const north =
    Math.tan(declination * DEGREES) * Math.cos(latitude * DEGREES) -
    Math.sin(latitude * DEGREES) * Math.cos(hourAngle);
  const direction = Math.atan2(east, north) / DEGREES;
  return direction < 0 ? direction + 360 : direction;
};

/** The part of a night, in steps of ten minutes, during which an object stands higher than `least` degrees. */
export const visible = (object, place, from, to, least = 20) => {
  const times = [];
  for (let at = from.getTime(); at <= to.getTime(); at += 600_000) {
    const time = new Date(at);
    if (altitude(object, place, time) > least) times.push(time);
  }
  if (times.length === 0) return undefined;
  return { from: times[0], to: times.at(-1) };
};

// TODO: refraction lifts an object near the horizon by half a degree
