import { useId, useImperativeHandle, useRef, type KeyboardEvent, type ReactNode, type Ref } from 'react';
import { clean } from '#wording';
import type { FindingView } from '../api/views.js';
import { LineWindow, type WindowHandle } from '../feed/window.js';
import { Badge } from '../ui/status.js';
import { keyOf, type Grouping, type Row } from './finding-list.js';
import '../feed/feed.css';

/** Two lines of text; findings.css knows it too. */
const ROW = 46;
const PAGE = 10;

export interface TreeHandle {
  focus(): void;
}

interface FindingTreeProps {
  readonly rows: readonly Row[];
  readonly by: Grouping;
  readonly current?: string;
  readonly onCurrent: (key: string) => void;
  /** The current finding is to be looked at. */
  readonly onOpen: () => void;
  readonly onToggle: (group: string, open: boolean) => void;
  readonly nothing: ReactNode;
  readonly handle: Ref<TreeHandle>;
}
/** Groups of findings, however many: only the rows that are seen are in the page. One stop for the Tab key; arrows move in it. */
export const FindingTree = ({ rows, by, current, onCurrent, onOpen, onToggle, nothing, handle }: FindingTreeProps) => {
  const lines = useRef<WindowHandle>(null);
  const id = useId();
  const at = rows.findIndex((row) => keyOf(row) === current);
  useImperativeHandle(handle, () => ({ focus: () => lines.current?.focus() }));
  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[index];
    if (row === undefined) return;
    onCurrent(keyOf(row));
    lines.current?.reveal(index);
  };
  const headOf = (row: Row | undefined) =>
    rows.findIndex((each) => each.kind === 'group' && each.group.key === row?.group.key);
  const act = (index: number) => {
    const row = rows[index];
    if (row?.kind === 'group') onToggle(row.group.key, !row.open);
    else if (row !== undefined) onOpen();
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[at];
    const deeds: Readonly<Record<string, () => void>> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      PageDown: () => move(at + PAGE),
      PageUp: () => move(at - PAGE),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      Enter: () => act(at),
      ' ': () => act(at),
      ArrowRight: () =>
        row?.kind === 'group' && !row.open ? onToggle(row.group.key, true) : row?.kind === 'group' && move(at + 1),
      ArrowLeft: () => (row?.kind === 'group' ? row.open && onToggle(row.group.key, false) : move(headOf(row))),
    };
    const deed = deeds[event.key];
    if (deed === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    deed();
  };
  if (rows.length === 0) return <div className="findings-list findings-nothing quiet">{nothing}</div>;
  return (
    <div className="findings-list">
      <LineWindow
        label="Findings"
        handle={lines}
        count={rows.length}
        rowHeight={ROW}
        frame={{
          role: 'tree',
          'aria-activedescendant': at < 0 ? undefined : `${id}-${at}`,
          onKeyDown: press,
          onFocus: ({ currentTarget }) => at < 0 && currentTarget.matches(':focus-visible') && move(0),
        }}
        row={(index) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={keyOf(row)}
                id={`${id}-${index}`}
                role="treeitem"
                className={`finding-row finding-row-${row.kind}`}
                aria-level={row.kind === 'group' ? 1 : 2}
                aria-posinset={row.place}
                aria-setsize={row.of}
                aria-selected={index === at}
                aria-expanded={row.kind === 'group' ? row.open : undefined}
                onClick={() => {
                  onCurrent(keyOf(row));
                  act(index);
                }}
              >
                {row.kind === 'group' ? <GroupRow row={row} by={by} /> : <FindingRow finding={row.finding} by={by} />}
              </div>
            )
          );
        }}
      />
    </div>
  );
};

const GroupRow = ({
  row: { group, open },
  by,
}: {
  readonly row: Extract<Row, { kind: 'group' }>;
  readonly by: Grouping;
}) => (
  <>
    <span className="finding-twist" aria-hidden="true">
      {open ? '▾' : '▸'}
    </span>
    <strong className={`cut ${by === 'source' ? '' : 'mono'}`}>{clean(group.key)}</strong>
    <span className="quiet finding-count">{group.findings.length.toLocaleString('en')}</span>
  </>
);

const FindingRow = ({ finding, by }: { readonly finding: FindingView; readonly by: Grouping }) => {
  const { message, path, range, rule, source } = finding;
  const where = by === 'path' ? `line ${range.startLine}` : `${clean(path)}:${range.startLine}`;
  return (
    <>
      <span className="finding-words">
        <span className="cut">{clean(message)}</span>
        <span className="quiet cut mono finding-where">
          {where} · {by === 'rule' ? source : clean(rule)}
        </span>
      </span>
      <PlaceBadge finding={finding} />
    </>
  );
};

/** Whether a plan may name it. What is open and in the scope needs no word. */
export const PlaceBadge = ({ finding: { place, dismissed } }: { readonly finding: FindingView }) => {
  if (dismissed) return <Badge mood="quiet">dismissed</Badge>;
  if (place === 'inside') return <Badge mood="good">in scope</Badge>;
  return place === 'outside' ? <Badge mood="info">outside</Badge> : <Badge mood="warning">protected</Badge>;
};
