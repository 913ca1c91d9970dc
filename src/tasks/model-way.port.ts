import type { ModelAccess, ModelDefinition, ToolPorts } from '#agents';
import { HyperRunError, type PlannedAgent } from '#contracts';
import { fetchThrough, ModelCalls, ModelProxy, parseBaseUrl, type ModelGrant } from '#model-proxy';
import type { Loopback } from '#sandbox';
import type { Config } from '../config/config.js';
import { rememberSecrets } from '../config/secrets.js';
import { freshSocket } from './fresh-socket.js';

/** Inside a sandbox, which has its loopback for itself. */
const PORT = 7421;

type WayPorts = Pick<ToolPorts, 'attempt' | 'signal' | 'emit' | 'refuse' | 'gate' | 'spend' | 'progress'>;

/** The way of one attempt to the model that its plan grants. */
export interface ModelWay {
  readonly access: ModelAccess;
  /** For a program in a sandbox. */
  readonly loopbacks: readonly Loopback[];
  /** Breaks off what is left. May be called again. */
  close(): Promise<void>;
  /** Resolves when every call that has ended is counted. @throws what counting one threw */
  settled(): Promise<void>;
}

/**
 * @throws HyperRunError agent.no-model (the plan does not grant what is configured), model.no-key, model.other-host,
 * network.invalid-host
 */
export const openModelWay = async (
  { model, planned, workplace }: { model: ModelDefinition; planned: PlannedAgent | undefined; workplace: 'tree' | 'sandbox' }, // prettier-ignore
  ports: WayPorts,
  config: Config,
): Promise<ModelWay> => {
  const calls = new ModelCalls(grantOf(model, planned, config), {
    attempt: ports.attempt,
    signal: ports.signal,
    gate: ports.gate ?? (() => Promise.resolve()),
    spend: ports.spend ?? (() => Promise.resolve()),
    emit: ports.emit,
    refused: (code, reason) => void ports.refuse({ attempt: ports.attempt, tool: 'model', code, reason: reason.slice(0, 2000), count: 0 }), // prettier-ignore
    ...(ports.progress === undefined ? {} : { progress: ports.progress }),
  });
  const proxy = workplace === 'sandbox' ? await ModelProxy.listen(calls, await freshSocket(config, 'm')) : undefined;
  const { path } = parseBaseUrl(model.baseUrl);
  return {
    access: {
      baseUrl: `http://127.0.0.1:${PORT}${path}`,
      dummyKey: calls.door.dummyKey,
      model: model.name,
      ...(proxy === undefined ? { fetch: fetchThrough(calls) } : {}),
    },
    loopbacks: proxy === undefined ? [] : [{ port: PORT, socket: proxy.socketPath }],
    settled: () => calls.settled(),
    close: async () => {
      await calls.close();
      await proxy?.close();
    },
  };
};

const grantOf = (model: ModelDefinition, planned: PlannedAgent | undefined, config: Config): ModelGrant => {
  const { provider, name, baseUrl, credential, prices } = model;
  if (planned?.host === undefined || planned.model !== name || planned.credential !== credential)
    throw new HyperRunError(
      'agent.no-model',
      `The plan does not grant calls of ${name} with this key. Ask for a new plan.`,
      { model: name },
      'operator',
    );
  const key = credential === undefined ? undefined : keyOf(credential, config);
  return { provider, model: name, baseUrl, host: planned.host, key, prices };
};

const keyOf = (credential: string, config: Config): string => {
  const key = config.variable(credential)?.trim();
  if (key === undefined || key === '')
    throw new HyperRunError(
      'model.no-key',
      `The key of the model is to be in the variable ${credential} of the service, and it is not set.`,
      { credential },
      'operator',
    );
  rememberSecrets([key]);
  return key;
};
