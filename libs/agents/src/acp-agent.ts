import { setTimeout as delay } from 'node:timers/promises';
import {
  client,
  methods,
  PROTOCOL_VERSION,
  RequestError,
  type ClientCapabilities,
  type ClientConnection,
  type ContentBlock,
} from '@agentclientprotocol/sdk';
import { HyperRunError, isHyperRunError } from '#contracts';
import { AcpFiles } from './acp-files.js';
import { AcpPermissions } from './acp-permissions.js';
import { answerForm } from './acp-questions.js';
import { AcpStream } from './acp-stream.js';
import { AcpTerminals } from './acp-terminals.js';
import { SessionUpdates } from './acp-updates.js';
import type { AgentResult, AgentTask } from './base-agent.js';
import { type AcpDefinition, PermissionPolicy } from './definition.js';
import { ProgramAgent, ROOT } from './program-agent.js';
import type { ProgramRun } from './program-run.js';
import { taskPrompt } from './task-prompt.js';
import type { Toolbox } from './tools.js';

const START_SECONDS = 60;
/** How long after the end of its output a program may take to end, so that its exit code is known. */
const LAST_WORDS_MS = 2000;

type Connected = Pick<ClientConnection, 'agent' | 'close'>;

/**
 * An agent that speaks the Agent Client Protocol, version 1; we are its client. What it asks of us goes through our tools, and is
 * observed. What it does by itself, in its sandbox, it reports.
 */
export class AcpAgent extends ProgramAgent<AcpDefinition> {
  #terminals: AcpTerminals | undefined;

  protected async work(task: AgentTask, tools: Toolbox): Promise<AgentResult> {
    const run = await this.launch();
    const narration = this.narration();
    const moved = () => this.session.ports.progress?.();
    const spent = (cost: number) => this.spend({ inputTokens: 0, outputTokens: 0, cost });
    const updates = new SessionUpdates(narration, spent, moved);
    const stream = new AcpStream({
      ...{ stdin: run.process.stdin, stdout: run.process.stdout },
      // What it says after the end is heard by nobody, so that it can still answer.
      onUpdate: async (params) => (this.session.signal.aborted ? undefined : updates.take(params)),
      onLine: (line) => run.keep(line),
    });
    const connection = this.#client(tools).connect(stream);
    try {
      const sessionId = await this.#open(connection);
      const prompt: ContentBlock[] = [{ type: 'text', text: taskPrompt(task, { root: ROOT }) }];
      const turn = connection.agent.request(methods.agent.session.prompt, { sessionId, prompt });
      run.askToStop = async () => {
        await connection.agent.notify(methods.agent.session.cancel, { sessionId });
        await turn;
      };
      const { stopReason } = await turn;
      run.askToStop = undefined;
      await narration.flush();
      return resultOf(stopReason, narration.lastMessage);
    } catch (error) {
      await narration.flush().catch(() => undefined); // what it said before it broke; the error that follows says why it broke
      throw await whyBroken(stream, run, error);
    }
  }

  protected override async cleanUp(): Promise<void> {
    await this.#terminals?.close().catch(() => undefined); // the sandbox ends with all that runs in it
    await super.cleanUp();
  }

  /** @throws HyperRunError agent.silent, agent.protocol; RequestError */
  async #open(connection: Connected): Promise<string> {
    const seconds = this.definition.startSeconds ?? START_SECONDS;
    const opened = new AbortController();
    const late = this.session.ports.abortAfter?.(seconds * 1000, opened.signal) ?? AbortSignal.timeout(seconds * 1000);
    const asked = { cancellationSignal: late, stopWaitingOnCancel: true };
    try {
      const agent = await connection.agent.request(
        methods.agent.initialize,
        {
          protocolVersion: PROTOCOL_VERSION,
          clientCapabilities: CAPABILITIES,
          clientInfo: { name: 'hyper-run', version: '1' },
        },
        asked,
      );
      if (agent.protocolVersion !== PROTOCOL_VERSION)
        throw new HyperRunError(
          'agent.protocol',
          `It speaks version ${agent.protocolVersion} of ACP; version ${PROTOCOL_VERSION} is needed.`,
        );
      const { authMethod } = this.definition;
      if (authMethod !== undefined && (agent.authMethods ?? []).length > 0)
        await connection.agent.request(methods.agent.authenticate, { methodId: authMethod }, asked);
      const { sessionId } = await connection.agent.request(
        methods.agent.session.new,
        { cwd: ROOT, mcpServers: [] },
        asked,
      );
      return sessionId;
    } catch (error) {
      if (!late.aborted) throw error;
      throw new HyperRunError('agent.silent', `It was started and did not open a session within ${seconds} s.`);
    } finally {
      opened.abort();
    }
  }

  #client(tools: Toolbox) {
    const { session } = this;
    const files = new AcpFiles(tools, session, ROOT);
    const terminals = (this.#terminals = new AcpTerminals(session, ROOT));
    const permissions = new AcpPermissions(session, PermissionPolicy.parse(this.definition.permissions ?? {}), ROOT);
    const { fs, terminal, elicitation, session: sessions } = methods.client;
    return client({ name: 'hyper-run' })
      .onRequest(fs.readTextFile, ({ params }) => told(files.read(params)))
      .onRequest(fs.writeTextFile, ({ params }) => told(files.write(params)))
      .onRequest(terminal.create, async ({ params }) => ({ terminalId: await told(terminals.create(params)) }))
      .onRequest(terminal.output, ({ params }) => terminals.output(params.terminalId))
      .onRequest(terminal.waitForExit, ({ params }) => terminals.waitForExit(params.terminalId))
      .onRequest(terminal.kill, ({ params }) => terminals.kill(params.terminalId))
      .onRequest(terminal.release, ({ params }) => terminals.release(params.terminalId))
      .onRequest(sessions.requestPermission, ({ params }) => told(permissions.answer(params)))
      .onRequest(elicitation.create, ({ params }) => told(answerForm(params, tools)));
  }
}

const CAPABILITIES: ClientCapabilities = {
  fs: { readTextFile: true, writeTextFile: true },
  terminal: true,
  elicitation: { form: {} },
};

/** An agent is told why, in words that it understands. */
const told = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (!isHyperRunError(error)) throw error;
    throw new RequestError(-32_603, error.message, { code: error.code });
  }
};

const STOPPED: Readonly<Record<string, string>> = {
  max_tokens: 'It stopped at the token limit of its model.',
  max_turn_requests: 'It stopped at its limit of model calls.',
  refusal: 'Its model refused the task.',
  cancelled: 'It says that the task was called off.',
};

const resultOf = (stopReason: string, lastMessage: string): AgentResult => {
  if (stopReason === 'end_turn') return { outcome: 'done', summary: lastMessage || 'It said that it is done.' };
  const why = STOPPED[stopReason] ?? 'It stopped for a reason that is not known here.';
  return { outcome: 'gave-up', summary: lastMessage === '' ? why : `${why} Its last words: ${lastMessage}` };
};

/** The one reason that is worth telling: its own fault on the wire, its refusal, or how its program ended. */
const whyBroken = async (stream: AcpStream, run: ProgramRun, error: unknown): Promise<unknown> => {
  if (stream.failure !== undefined) return stream.failure;
  if (isHyperRunError(error)) return error;
  if (error instanceof RequestError) {
    const hint =
      error.code === AUTH_REQUIRED ? ' It wants to be logged in: give it a key in env or home of agents.json.' : '';
    return new HyperRunError(
      'agent.answered-error',
      `It answered with an error: ${error.message} (${error.code}).${hint}`,
    );
  }
  const late = delay(LAST_WORDS_MS, undefined, { ref: false });
  const end = await Promise.race([run.process.ended, late]);
  const how =
    end === undefined
      ? 'closed its output'
      : end.exitCode === null
        ? 'was ended by a signal'
        : `ended with code ${end.exitCode}`;
  const words = run.lastWords();
  return new HyperRunError(
    'agent.crashed',
    `Its program ${how} before it was done${words === '' ? '.' : `: ${words}`}`,
  );
};

const AUTH_REQUIRED = -32_000;
