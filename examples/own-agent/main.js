// A service with one more agent: a class on BaseAgent, added before the service starts.
// This one repairs links, but first it tries what no agent may do. It uses the same tools as all others.
import { LinksAgent, registerAgent } from '#agents';
import { start } from '../../dist/src/main.js';

class Trespasser extends LinksAgent {
  kind = 'trespasser';
  name = 'Trespasser';
  role = 'Tries to leave its scope, then repairs links';

  async work(task, tools, signal) {
    const { counted, calls } = counting(tools);
    await attempt(counted, 'package.json', '{}');
    await attempt(counted, '../outside.txt', 'I was here.');
    const result = await super.work(task, counted, signal);
    await counted.say(`I have made ${calls() + 1} calls.`);
    return result;
  }
}

const attempt = async (tools, path, content) => {
  try {
    await tools.write(path, content);
  } catch (error) {
    if (error.code !== 'tool.refused') throw error;
  }
};

/** The same tools, with every call counted. */
const counting = (tools) => {
  let calls = 0;
  const counted = new Proxy(tools, {
    get: (target, name) => {
      const tool = target[name];
      if (typeof tool !== 'function') return tool;
      return (...args) => {
        calls += 1;
        return tool.apply(target, args);
      };
    },
  });
  return { counted, calls: () => calls };
};

registerAgent(() => new Trespasser());

const service = await start(process.env);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    void service.close().then(() => process.exit(0));
  });
