/* oxlint-disable no-control-regex -- control characters are what this file is about */
// Text that a child printed, made harmless to show: no control sequence, no disguise, no endless line.

const LONGEST_LINE = 2000;
const ESC = '\u001b';
const CSI = '\u009b';
const STRING_STARTS = ']PX^_';
const STRING_CONTROLS = '\u009d\u0090\u0098\u009e\u009f';
/** Bidirectional controls and other characters that are not seen but change what is. */
const DISGUISES = /[\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Removes terminal sequences (CSI, OSC, DCS and their kin, also unfinished ones), control and bidirectional characters;
 * keeps newlines and tabs; a carriage return begins its line anew, as on a terminal. Lines end after 2,000 characters.
 */
export const sanitiseOutput = (output: Buffer | string): string =>
  withoutSequences(typeof output === 'string' ? output : output.toString('utf8'))
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => cleanLine(line.slice(line.lastIndexOf('\r', line.length - 2) + 1)))
    .join('\n');

const cleanLine = (line: string): string => {
  const clean = line.replace(CONTROLS, '').replace(DISGUISES, '');
  return clean.length <= LONGEST_LINE ? clean : `${clean.slice(0, LONGEST_LINE)}…`;
};

const withoutSequences = (text: string): string => {
  if (!/[\u001b\u0090\u0098\u009b\u009d-\u009f]/.test(text)) return text;
  const kept: string[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    const following = char === ESC ? (text[at + 1] ?? '') : '';
    if (char === CSI || following === '[') at = endOfCsi(text, at + (char === CSI ? 1 : 2));
    else if (STRING_CONTROLS.includes(char)) at = endOfString(text, at + 1);
    else if (following !== '' && STRING_STARTS.includes(following)) at = endOfString(text, at + 2);
    else if (char === ESC) at += following === '\n' ? 1 : 2;
    else {
      kept.push(char);
      at += 1;
    }
  }
  return kept.join('');
};

/** Parameters and intermediates, then one final byte; a newline ends a broken one. */
const endOfCsi = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && /[\u0020-\u003f]/.test(text[at] ?? '')) at += 1;
  return text[at] === '\n' ? at : at + 1;
};

/** Until BEL or ST; an unfinished one ends with its line. */
const endOfString = (text: string, from: number): number => {
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\u0007' || char === '\u009c') return at + 1;
    if (char === ESC && text[at + 1] === '\\') return at + 2;
    if (char === '\n') return at;
  }
  return text.length;
};

/** The last `bytes` bytes of a text, cut at a character, at a line if one begins there. */
export const tailOf = (text: string, bytes: number): string => {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  const cut = all
    .subarray(-bytes)
    .toString('utf8')
    .replace(/^\ufffd+/, '');
  const line = cut.indexOf('\n');
  return line >= 0 && line < cut.length / 2 ? cut.slice(line + 1) : cut;
};
