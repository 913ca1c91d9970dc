import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { FindingView } from '../api/views.js';
import { PlanDialog } from '../plan/plan-dialog.js';
import { useKeys } from '../shell/keys.js';
import { Confirm } from '../ui/confirm.js';
import { FilterBar } from './filter-bar.js';
import { FindingDetail } from './finding-detail.js';
import {
  groupsOf,
  keyOf,
  NO_FILTER,
  passes,
  patternsAround,
  rowsOf,
  type FindingFilter,
  type Grouping,
} from './finding-list.js';
import { FindingTree, type TreeHandle } from './finding-tree.js';
import { useDismissal, type Scan } from './findings-read.js';

interface Wanted {
  readonly scope: readonly string[];
  readonly grants?: readonly string[];
  readonly around: string;
}

/** The findings of a scan, to be searched, grouped, looked at, dismissed, and planned from. */
export const FindingsBrowser = ({ scan }: { readonly scan: Scan }) => {
  const [filter, setFilter] = useState<FindingFilter>(NO_FILTER);
  const [by, setBy] = useState<Grouping>('path');
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState<string>();
  const [opened, setOpened] = useState(false);
  const [dismissing, setDismissing] = useState<FindingView>();
  const [planned, setPlanned] = useState<Wanted>();
  const search = useRef<HTMLInputElement>(null);
  const tree = useRef<TreeHandle>(null);
  // What is typed is seen at once; the list follows as soon as it can.
  const wanted = useDeferredValue(filter);
  const found = useMemo(() => scan.findings.filter(passes(wanted)), [scan.findings, wanted]);
  const groups = useMemo(() => groupsOf(found, by), [found, by]);
  const rows = useMemo(() => rowsOf(groups, closed), [groups, closed]);
  const row = rows.find((each) => keyOf(each) === current);
  const finding = row?.kind === 'finding' ? row.finding : undefined;
  const dismissal = useDismissal(scan.repositoryId);
  const planFrom = ({ path, place }: FindingView) =>
    setPlanned({
      scope: patternsAround(path).slice(0, 1),
      ...(place === 'protected' ? { grants: [path] } : {}),
      around: path,
    });
  const widen = ({ path }: FindingView) => {
    const [file = '', folder = file] = patternsAround(path);
    setPlanned({ scope: [...(scan.scope ?? []), folder], around: path });
  };
  /** The one that is looked at may leave the list. */
  const goOn = () => {
    const at = row === undefined ? -1 : rows.indexOf(row);
    const next = [rows[at + 1], rows[at - 1]].find((each) => each?.kind === 'finding') ?? rows[at - 1];
    if (next !== undefined) setCurrent(keyOf(next));
  };
  const close = () => {
    setOpened(false);
    // The list may have been hidden behind what was looked at.
    requestAnimationFrame(() => tree.current?.focus());
  };
  useKeys([
    { keys: '/', does: () => search.current?.focus() },
    { keys: 'd', does: () => finding?.dismissed === false && setDismissing(finding) },
    { keys: 'p', does: () => finding !== undefined && planFrom(finding) },
    { keys: 'Escape', does: () => opened && close() },
  ]);
  return (
    <div className="findings" data-detail={(opened && finding !== undefined) || undefined}>
      <FilterBar
        all={scan.findings}
        filter={filter}
        onChange={setFilter}
        by={by}
        onGroup={(next) => {
          setBy(next);
          setClosed(new Set());
        }}
        found={found.length}
        search={search}
      />
      <div className="findings-columns">
        <FindingTree
          handle={tree}
          rows={rows}
          by={by}
          current={current}
          onCurrent={setCurrent}
          onOpen={() => setOpened(true)}
          onToggle={(key, open) => {
            const next = new Set(closed);
            if (open) next.delete(key);
            else next.add(key);
            setClosed(next);
          }}
          nothing={
            <>
              <p>No finding passes this filter.</p>
              <button type="button" className="button button-small" onClick={() => setFilter(NO_FILTER)}>
                Clear the filter
              </button>
            </>
          }
        />
        {opened && finding !== undefined && (
          <FindingDetail
            key={finding.findingId}
            finding={finding}
            scope={scan.scope ?? []}
            onPlan={() => planFrom(finding)}
            onWiden={() => widen(finding)}
            onDismiss={() => setDismissing(finding)}
            onClose={close}
          />
        )}
      </div>
      {dismissing !== undefined && (
        <Confirm
          title="Dismiss this finding?"
          label="Dismiss it"
          danger
          ask={{ label: 'Why', required: true, maxLength: 2000 }}
          pending={dismissal.isPending}
          error={dismissal.error}
          onConfirm={(reason) =>
            dismissal.mutate(
              { findingId: dismissing.findingId, reason },
              {
                onSuccess: () => {
                  setDismissing(undefined);
                  if (wanted.shown !== 'all') goOn();
                  close();
                },
              },
            )
          }
          onClose={() => {
            dismissal.reset();
            setDismissing(undefined);
          }}
        >
          <p>
            No plan proposes it again, as long as its line stays as it is. That cannot be taken back; the reason is
            recorded with your name.
          </p>
        </Confirm>
      )}
      {planned !== undefined && (
        <PlanDialog
          repository={scan.repositoryId}
          scope={planned.scope}
          grants={planned.grants}
          suggested={[...new Set([...patternsAround(planned.around), ...(scan.scope ?? [])])]}
          onClose={() => setPlanned(undefined)}
        />
      )}
    </div>
  );
};
