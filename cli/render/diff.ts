import { clean } from '../text.js';
import type { Style } from './style.js';

/** A unified diff with colours, harmless for a terminal. */
export const renderDiff = (diff: string, style: Style): string[] =>
  clean(diff)
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => tone(line, style)(line));

const tone = (line: string, style: Style): ((text: string) => string) => {
  if (/^(diff |index |--- |\+\+\+ |new file|deleted file|old mode|new mode)/.test(line)) return style.bold;
  if (line.startsWith('@@')) return style.cyan;
  if (line.startsWith('+')) return style.green;
  return line.startsWith('-') ? style.red : String;
};
