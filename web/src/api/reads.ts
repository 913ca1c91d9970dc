import { QueryClient, useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';
import { onEvents, onReset } from '../live/present.js';
import type { SeenEvent } from '../live/told.js';
import { toast } from '../ui/toasts.js';
import { ApiError, call, callText } from './client.js';

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

const SETTLE_MS = 60;

/**
 * What the service answers to a GET, kept up to date: read again when an event comes that `changes` it, and after a gap in
 * the stream.
 */
export const useRead = <Answer>(
  path: string | undefined,
  changes?: (event: SeenEvent) => boolean,
  as: 'json' | 'text' = 'json',
): UseQueryResult<Answer> => {
  useEffect(() => {
    if (path === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: [path] });
      }, SETTLE_MS);
    };
    const stopEvents = onEvents((events) => changes !== undefined && events.some(changes) && again());
    const stopResets = onReset(again);
    return () => {
      stopEvents();
      stopResets();
      clearTimeout(timer);
    };
  }, [path, changes]);
  return useQuery<Answer>({
    queryKey: [path],
    enabled: path !== undefined,
    queryFn: ({ signal }) =>
      (as === 'json' ? call<Answer>(path ?? '', { signal }) : callText(path ?? '', { signal })) as Promise<Answer>,
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
