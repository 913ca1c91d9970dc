import { Redis, type Command } from 'ioredis';

const ASK = /^ASK \d+ (\S+):(\d+)$/;

/**
 * Lets a client of one node follow `ASK`: while a slot is being moved, its owner names the node that has the key already, for
 * this one command. (`MOVED`, once it is moved, is a matter of connecting anew.) Scripts over keys of which some have moved
 * are refused by Redis itself with `TRYAGAIN` until all have.
 */
export const followsAsk = (redis: Redis): Redis => {
  const targets = new Map<string, Redis>();
  const send = redis.sendCommand.bind(redis);
  const sendTo = (host: string, port: number, command: Command): void => {
    const name = `${host}:${port}`;
    const target = targets.get(name) ?? openTarget(redis, host, port, () => targets.delete(name));
    targets.set(name, target);
    // Both in one tick: what is written to a connection goes out in that order.
    target.call('ASKING').catch(() => undefined);
    target.sendCommand(command);
  };
  redis.sendCommand = (command, stream) => {
    const reject = command.reject;
    command.reject = (error: Error) => {
      const [, host, port] = ASK.exec(error.message) ?? [];
      command.reject = reject;
      if (host === undefined || port === undefined) return reject.call(command, error);
      sendTo(host, Number(port), command);
    };
    return send(command, stream);
  };
  redis.on('end', () => {
    for (const target of targets.values()) target.disconnect();
  });
  return redis;
};

/** Lasts as long as its connection: when that ends, so does the need of it. */
const openTarget = (redis: Redis, host: string, port: number, onEnd: () => void): Redis => {
  const { username, password, tls, commandTimeout } = redis.options;
  const target = new Redis({
    ...{ host, port, username, password, tls, commandTimeout },
    retryStrategy: null,
    enableReadyCheck: false,
  });
  target.on('error', () => undefined);
  target.on('end', onEnd);
  return target;
};
