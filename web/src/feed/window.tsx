import { useLayoutEffect, useRef, useState, type ReactNode, type Ref, useImperativeHandle } from 'react';
import { useScale } from '../ui/scale.js';

export interface WindowHandle {
  /** Brings a line into the middle. */
  show(index: number): void;
  /** Brings a line into sight, and moves nothing where it is. */
  reveal(index: number): void;
  focus(): void;
}

interface WindowProps {
  readonly count: number;
  /** Before the scale of the screen. */
  readonly rowHeight: number;
  /** Stays at the newest line. Told when the person scrolls away from it, or back to it. */
  readonly following?: boolean;
  readonly onFollow?: (following: boolean) => void;
  /** The person is near the oldest line. */
  readonly onTop?: () => void;
  /** Grows and shrinks with the lines that come and go before the others: what is looked at stays where it is. */
  readonly shift?: number;
  readonly row: (index: number) => ReactNode;
  readonly label: string;
  readonly handle?: Ref<WindowHandle>;
  /** What the frame is, where it is no log. */
  readonly frame?: React.HTMLAttributes<HTMLDivElement>;
}

const OVERSCAN = 8;
/** Browsers cannot scroll further than some 17 to 33 million pixels; 150,000 lines are well below. */
const NEAR = 40;

/** A window over very many lines of the same height: only those that are seen are in the page. */
export const LineWindow = ({
  count,
  rowHeight: drawn,
  following = false,
  onFollow,
  onTop,
  shift = 0,
  row,
  label,
  handle,
  frame: attributes = { role: 'log', 'aria-live': 'off' },
}: WindowProps) => {
  const rowHeight = drawn * useScale();
  const frame = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(400);
  const [top, setTop] = useState(0);
  const before = useRef(shift);
  const pinned = useRef(following);
  pinned.current = following;
  /** Where to scroll as soon as there is room: lines that have just come are laid out a moment later. */
  const awaited = useRef<number>(undefined);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      setHeight(element.clientHeight);
      // Told after layout, when there is room to scroll.
      if (pinned.current) element.scrollTop = element.scrollHeight;
      else if (awaited.current !== undefined) element.scrollTop = awaited.current;
      awaited.current = undefined;
    });
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const scrollTo = (place: number) => {
      element.scrollTop = place;
      awaited.current = element.scrollTop < place - 1 ? place : undefined;
    };
    if (following) scrollTo(Math.max(0, count * rowHeight - element.clientHeight));
    else if (shift !== before.current)
      scrollTo((awaited.current ?? element.scrollTop) + (shift - before.current) * rowHeight);
    before.current = shift;
    setTop(following ? element.scrollTop : (awaited.current ?? element.scrollTop));
  }, [count, following, shift, rowHeight, height]);
  useImperativeHandle(handle, () => ({
    show(index) {
      const element = frame.current;
      awaited.current = undefined;
      if (element !== null) element.scrollTop = index * rowHeight - element.clientHeight / 2;
    },
    reveal(index) {
      const element = frame.current;
      if (element === null) return;
      awaited.current = undefined;
      const from = index * rowHeight;
      const to = from + rowHeight - element.clientHeight;
      if (from < element.scrollTop || to > element.scrollTop) element.scrollTop = from < element.scrollTop ? from : to;
      setTop(element.scrollTop);
    },
    focus: () => frame.current?.focus(),
  }));

  const scroll = () => {
    const element = frame.current;
    if (element === null) return;
    const moved = element.scrollTop - top;
    setTop(element.scrollTop);
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight;
    // Only a person scrolls against what the window itself does.
    if (following ? !atEnd && moved < 0 : atEnd && moved > 0) onFollow?.(!following);
    if (element.scrollTop < NEAR * rowHeight) onTop?.();
  };
  const shown = following
    ? Math.max(0, count * rowHeight - height)
    : Math.min(top, Math.max(0, count * rowHeight - height));
  const first = Math.max(0, Math.floor(shown / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((shown + height) / rowHeight) + OVERSCAN);
  return (
    <div ref={frame} className="lines" aria-label={label} tabIndex={0} onScroll={scroll} {...attributes}>
      <div className="lines-all" style={{ height: count * rowHeight }}>
        <div className="lines-shown" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, offset) => row(first + offset))}
        </div>
      </div>
    </div>
  );
};
