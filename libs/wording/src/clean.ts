// Text that others wrote, made harmless to show: the one place where it happens.

/** OSC, DCS, APC, PM and SOS strings, CSI sequences, two-character escapes. */
const ESCAPES =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
/** Control characters except tab and line feed; bidirectional marks; invisible format characters; tag characters. */
export const CONTROLS =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** `text` without anything that could move the cursor, change colours or reorder what is read. Tabs and lines stay. */
export const clean = (text: string): string => text.replaceAll('\r\n', '\n').replace(ESCAPES, '').replace(CONTROLS, '');

/** The same on one line of at most `width` characters. */
export const oneLine = (text: string, width = 200): string => {
  const line = clean(text).replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
};
