// One line of a ledger, as an object. The format is described in docs/guides/format.md.

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/;

export class RefusedLine extends Error {
  constructor(number, reason) {
    super(`line ${number}: ${reason}`);
    this.name = 'RefusedLine';
    this.number = number;
  }
}

/** @returns {{time: Date, object: string, magnitude: number, place: string, remark?: string}} */
export const parseLine = (text, number = 1) => {
  const quoted = text.match(/"(.*)"\s*$/);
  const fields = (quoted ? text.slice(0, quoted.index) : text).trim().split(/ {2,}/);
  if (fields.length < 4) throw new RefusedLine(number, `expected 4 fields, found ${fields.length}`);
  const [time, object, brightness, place] = fields;
  return { time: parseTime(time, number), object, magnitude: parseMagnitude(brightness, number), place, remark: quoted?.[1] };
};

const parseTime = (text, number) => {
  const time = new Date(text);
  // A day that does not exist rolls over in some engines: comparing the text back is the neccessary check.
  if (!TIME.test(text) || Number.isNaN(time.getTime()) || time.toISOString().slice(0, 16) !== text.slice(0, 16))
    throw new RefusedLine(number, `"${text}" is not a time such as 2024-08-12T22:05Z`);
  return time;
};

const parseMagnitude = (text, number) => {
  const match = text.match(/^mag (-?\d+(?:\.\d+)?)$/);
  const value = match ? Number(match[1]) : Number.NaN;
  // TODO: accept "mag 3.4 +- 0.2" once we know what to do with the error
  if (!(value >= -30 && value <= 30)) throw new RefusedLine(number, `"${text}" is not a magnitude from -30 to 30`);
  return value;
};
