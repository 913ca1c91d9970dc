import { QueryClient, useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { firstWord, onEvents, onReset } from '../live/present.js';
import type { SeenEvent } from '../live/told.js';
import { toast } from '../ui/toasts.js';
import { ApiError, call, callDiff, callText } from './client.js';

/**
 * Answers are kept until an event says that they are old: nothing is asked again by the clock. Only what is on screen hears
 * events, so what comes back on screen is asked for again.
 */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnMount: 'always',
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 3 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

/** Of a read that begins now: it is repeated where it may lack what the stream does not tell either. */
export const unlessFollowed = (queryKey: readonly unknown[]) =>
  firstWord.watch(JSON.stringify(queryKey), () => void queries.invalidateQueries({ queryKey }));

const SETTLE_MS = 60;

const READERS = { json: call, text: callText, diff: callDiff };

/**
 * What the service answers to a GET, kept up to date: read again when an event comes that `changes` it, and after a gap in
 * the stream; at most once in `settleMs`.
 */
export const useRead = <Answer>(
  path: string | undefined,
  changes?: (event: SeenEvent) => boolean,
  as: keyof typeof READERS = 'json',
  settleMs = SETTLE_MS,
): UseQueryResult<Answer> => {
  const shown = useRef(path);
  useEffect(() => {
    if (path === undefined) return undefined;
    // Another one than before, on the same part of the screen: nobody heard what happened to it meanwhile.
    if (shown.current !== path) void queries.invalidateQueries({ queryKey: [path] });
    shown.current = path;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: [path] });
      }, settleMs);
    };
    const stopEvents = onEvents((events) => changes !== undefined && events.some(changes) && again());
    const stopResets = onReset(again);
    return () => {
      stopEvents();
      stopResets();
      clearTimeout(timer);
    };
  }, [path, changes, settleMs]);
  return useQuery<Answer>({
    queryKey: [path],
    enabled: path !== undefined,
    queryFn: ({ signal }) => READERS[as](path ?? '', { signal, shows: unlessFollowed([path]) }) as Promise<Answer>,
  });
};

/**
 * Something that a person does. Pending until the service answered; what went wrong is said in its words: beside the other
 * news, or `here`, where it was done, by whoever calls this.
 */
export const useDeed = <Input, Answer>(
  deed: (input: Input) => Promise<Answer>,
  done?: string | ((answer: Answer) => string),
  failures: 'toast' | 'here' = 'toast',
) =>
  useMutation<Answer, unknown, Input>({
    mutationFn: deed,
    onSuccess: (answer) => {
      if (done !== undefined) toast('good', typeof done === 'string' ? done : done(answer));
    },
    onError: (error) => {
      if (failures === 'toast') toast('bad', error instanceof Error ? error.message : String(error));
    },
  });
