/** Milliseconds of a clock that all processes of this machine share, and that nobody sets. */
export const monotonic = () => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
