import { useEffect } from 'react';
import { Dialog } from '../ui/parts.js';

export interface KeyDeed {
  /** One key, or two in a row: `g b`. */
  readonly keys: string;
  readonly does: () => void;
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const SECOND_WITHIN_MS = 1200;

/** Keys of this screen; they rest while somebody types or a dialog is open. */
export const useKeys = (deeds: readonly KeyDeed[], help?: () => void): void => {
  useEffect(() => {
    let first: { readonly key: string; readonly at: number } | undefined;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (event.key === '?' && help !== undefined) return help();
      const before = first !== undefined && event.timeStamp - first.at < SECOND_WITHIN_MS ? `${first.key} ` : '';
      const deed =
        deeds.find(({ keys }) => keys === before + event.key) ?? deeds.find(({ keys }) => keys === event.key);
      first = { key: event.key, at: event.timeStamp };
      if (deed === undefined) return;
      event.preventDefault();
      deed.does();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });
};

interface KeysProps {
  readonly rooms: readonly { readonly name: string; readonly key: string }[];
  readonly onClose: () => void;
}
export const Keys = ({ rooms, onClose }: KeysProps) => (
  <Dialog title="Keys" onClose={onClose}>
    <div className="dialog-body">
      <h2>Keys</h2>
      <table>
        <tbody>
          {rooms.map(({ name, key }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">In the feed: search, pause, newest</th>
            <td>
              <kbd>/</kbd> <kbd>Space</kbd> <kbd>End</kbd>
            </td>
          </tr>
          <tr>
            <th scope="row">In the findings: search, plan from one, dismiss it</th>
            <td>
              <kbd>/</kbd> <kbd>p</kbd> <kbd>d</kbd>
            </td>
          </tr>
          <tr>
            <th scope="row">In a replay: step, play, live</th>
            <td>
              <kbd>←</kbd> <kbd>→</kbd> <kbd>k</kbd> <kbd>l</kbd>
            </td>
          </tr>
          <tr>
            <th scope="row">Next action</th>
            <td>
              <kbd>g</kbd> <kbd>n</kbd>
            </td>
          </tr>
        </tbody>
      </table>
      <footer>
        <button type="button" className="button" onClick={onClose} autoFocus>
          Close
        </button>
      </footer>
    </div>
  </Dialog>
);
