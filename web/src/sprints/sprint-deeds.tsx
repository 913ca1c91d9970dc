import { useState } from 'react';
import type { SprintStatus } from '../api/views.js';
import { useDeed } from '../api/reads.js';
import { write } from '../api/client.js';
import { Dialog } from '../ui/parts.js';

interface SprintDeedsProps {
  readonly sprintId: string;
  readonly status: SprintStatus;
  readonly passed: number;
  readonly integrated: boolean;
}

/** What a person can do to a sprint as a whole. */
export const SprintDeeds = ({ sprintId, status, passed, integrated }: SprintDeedsProps) => {
  const [cancelling, setCancelling] = useState(false);
  const steer = useDeed(({ deed, reason }: { deed: string; reason?: string }) =>
    write(`/hyper-running/sprints/${sprintId}/${deed}`, reason === undefined ? {} : { reason }),
  );
  const runs = status === 'approved' || status === 'running';
  return (
    <div className="row">
      {runs && (
        <button
          type="button"
          className="button"
          disabled={steer.isPending}
          onClick={() => steer.mutate({ deed: 'pause' })}
        >
          Pause
        </button>
      )}
      {(status === 'paused' || status === 'pausing') && (
        <button
          type="button"
          className="button button-primary"
          disabled={steer.isPending}
          onClick={() => steer.mutate({ deed: 'resume' })}
        >
          Resume
        </button>
      )}
      {(runs || status === 'paused' || status === 'pausing') && (
        <button
          type="button"
          className="button button-danger"
          disabled={steer.isPending}
          onClick={() => setCancelling(true)}
        >
          Cancel the sprint
        </button>
      )}
      {status === 'completed' && passed > 1 && !integrated && (
        <button
          type="button"
          className="button"
          disabled={steer.isPending}
          onClick={() => steer.mutate({ deed: 'integrate' })}
        >
          Integrate {passed} branches into one
        </button>
      )}
      {cancelling && (
        <Dialog title="Cancel the sprint" onClose={() => setCancelling(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const reason = new FormData(event.currentTarget).get('reason');
              setCancelling(false);
              steer.mutate({ deed: 'cancel', ...(typeof reason === 'string' && reason !== '' ? { reason } : {}) });
            }}
          >
            <h2>Cancel the sprint?</h2>
            <p>
              Work that is going on is stopped and discarded. Branches that were published stay. It cannot be undone.
            </p>
            <label className="field">
              <span>Why (for the log)</span>
              <input name="reason" maxLength={2000} autoFocus />
            </label>
            <footer>
              <button type="button" className="button" onClick={() => setCancelling(false)}>
                Let it run
              </button>
              <button type="submit" className="button button-danger">
                Cancel the sprint
              </button>
            </footer>
          </form>
        </Dialog>
      )}
    </div>
  );
};
