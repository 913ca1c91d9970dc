import { memo, useMemo, useState, type ReactNode } from 'react';
import { clean, plural } from '#wording';
import { Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { counterparts, differenceOf, parsePatch, type FilePatch, type Hunk, type PatchLine } from './patch.js';
import './diff.css';

/** A file with more lines is opened by whoever wants to see it. */
const OPEN_UP_TO = 500;
/** So many lines come at a time. */
const STEP = 500;
const LONGEST_LINE = 2000;

interface DiffProps {
  readonly title?: string;
  readonly text: string;
  /** What it is worth, beside the counts. */
  readonly standing?: ReactNode;
  /** Above the files. */
  readonly note?: ReactNode;
}
/** What was changed, file by file. Each is drawn when it is opened. */
export const Diff = ({ title = 'Diff', text, standing, note }: DiffProps) => {
  const files = useMemo(() => parsePatch(text), [text]);
  const sum = (of: 'additions' | 'deletions') => files.reduce((total, file) => total + file[of], 0);
  const openUpTo = files.reduce((total, { size }) => total + size, 0) > 20 * OPEN_UP_TO ? 0 : OPEN_UP_TO;
  return (
    <Panel
      title={title}
      flush
      actions={
        <>
          <span className="quiet">
            {plural(files.length, 'file')}, {counts(sum('additions'), sum('deletions'))}
          </span>
          {standing}
        </>
      }
    >
      {note}
      {files.map((file) => (
        <FileDiff key={`${file.from ?? ''} ${file.path}`} file={file} begin={file.size <= openUpTo} />
      ))}
    </Panel>
  );
};

const counts = (additions: number, deletions: number) => `+${additions} −${deletions}`;

const CHANGES: Readonly<Record<FilePatch['change'], string | undefined>> = {
  added: 'new',
  deleted: 'deleted',
  renamed: 'moved',
  modified: undefined,
};

const FileDiff = memo(({ file, begin }: { readonly file: FilePatch; readonly begin: boolean }) => {
  const [open, setOpen] = useState(begin);
  const change = CHANGES[file.change];
  return (
    <details className="file-diff" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <span className="mono wrap-anywhere">
          {file.from !== undefined && `${clean(file.from)} → `}
          {clean(file.path)}
        </span>
        <span className="row file-diff-sum">
          {change !== undefined && <Badge mood={file.change === 'deleted' ? 'warning' : 'info'}>{change}</Badge>}
          {file.mode !== undefined && <span className="quiet">mode {clean(file.mode)}</span>}
          <span className="quiet">{counts(file.additions, file.deletions)}</span>
        </span>
      </summary>
      {open && <Hunks file={file} />}
    </details>
  );
});

const Hunks = ({ file: { path, hunks, binary, size } }: { readonly file: FilePatch }) => {
  const [shown, setShown] = useState(STEP);
  if (binary) return <p className="quiet file-diff-note">Its content is not text.</p>;
  if (size === 0) return <p className="quiet file-diff-note">No line of it is another one.</p>;
  const parts = firstLines(hunks, shown);
  return (
    <>
      <table className="diff" aria-label={`Changes of ${clean(path)}`}>
        <colgroup>
          <col className="diff-number" />
          <col className="diff-number" />
          <col className="diff-sign" />
          <col />
        </colgroup>
        <tbody>
          {parts.map((hunk, index) => (
            // Hunks have no other name than their place.
            <HunkLines key={index} hunk={hunk} first={index === 0} />
          ))}
        </tbody>
      </table>
      {size > shown && (
        <button type="button" className="button button-small file-diff-more" onClick={() => setShown(shown + STEP)}>
          Show {Math.min(STEP, size - shown).toLocaleString('en')} more of {(size - shown).toLocaleString('en')} lines
        </button>
      )}
    </>
  );
};

/** As many hunks as have so many lines, the last one cut. */
const firstLines = (hunks: readonly Hunk[], count: number): Hunk[] => {
  const shown: Hunk[] = [];
  let left = count;
  for (const hunk of hunks) {
    if (left <= 0) break;
    shown.push(hunk.lines.length <= left ? hunk : { ...hunk, lines: hunk.lines.slice(0, left) });
    left -= hunk.lines.length;
  }
  return shown;
};

const HunkLines = ({ hunk, first }: { readonly hunk: Hunk; readonly first: boolean }) => {
  const pairs = useMemo(() => counterparts(hunk.lines), [hunk]);
  return (
    <>
      {(!first || hunk.context !== '') && (
        <tr className="diff-gap">
          <td colSpan={4}>⋯ {clean(hunk.context)}</td>
        </tr>
      )}
      {hunk.lines.map((line, index) => {
        const partner = pairs.get(index);
        return (
          <tr key={index} className={`diff-${line.kind}`}>
            <td className="diff-number">{line.old}</td>
            <td className="diff-number">{line.new}</td>
            <td className="diff-sign">{SIGNS[line.kind]}</td>
            <td className="diff-text">
              {partner === undefined ? cut(line.text) : <Changed line={line} other={hunk.lines[partner]?.text ?? ''} />}
            </td>
          </tr>
        );
      })}
    </>
  );
};

const SIGNS: Readonly<Record<PatchLine['kind'], string>> = { same: '', added: '+', removed: '−', note: '' };

const cut = (text: string): string => {
  const shown = clean(text);
  return shown.length > LONGEST_LINE
    ? `${shown.slice(0, LONGEST_LINE)} … ${(shown.length - LONGEST_LINE).toLocaleString('en')} more characters`
    : shown;
};

/** A line of which only a part is another than in its counterpart. */
const Changed = ({ line, other }: { readonly line: PatchLine; readonly other: string }) => {
  const text = clean(line.text);
  const { start, end } = differenceOf(text, clean(other));
  if (text.length > LONGEST_LINE || start + end < text.length / 3) return cut(line.text);
  const Part = line.kind === 'added' ? 'ins' : 'del';
  return (
    <>
      {text.slice(0, start)}
      {start < text.length - end && <Part>{text.slice(start, text.length - end)}</Part>}
      {text.slice(text.length - end)}
    </>
  );
};
