import { HyperRunError } from '#contracts';
import type { AgentResult, AgentTask } from './base-agent.js';
import type { CommandDefinition } from './definition.js';
import { claude } from './formats/claude.js';
import { codex } from './formats/codex.js';
import type { Ending, Format, MakeFormat } from './formats/format.js';
import { gemini } from './formats/gemini.js';
import { opencode } from './formats/opencode.js';
import { text } from './formats/text.js';
import { linesOf } from './lines.js';
import { ProgramAgent, ROOT } from './program-agent.js';
import type { ProgramRun } from './program-run.js';
import { taskPrompt } from './task-prompt.js';

const FORMATS: Record<CommandDefinition['format'], MakeFormat> = { claude, codex, gemini, opencode, text };

/**
 * A command line that works on its own and prints what it does. What it prints is reported, every line is kept. That it ends
 * with 0 only means that it says it is done: what counts is what it changed.
 */
export class CommandAgent extends ProgramAgent<CommandDefinition> {
  protected async work(task: AgentTask): Promise<AgentResult> {
    const prompt = taskPrompt(task, { root: ROOT });
    const run = await this.launch({ prompt, paths: task.paths.map((path) => `${ROOT}/${path}`) });
    run.process.stdin.end(this.definition.prompt === 'stdin' ? prompt : undefined);
    const narration = this.narration();
    let ending: Ending | undefined;
    const format = FORMATS[this.definition.format]({
      narration,
      used: (usage) => this.spend(usage),
      ended: (now) => void (ending = now),
    });
    await listen(run, format).catch(async (error: unknown) => {
      await narration.flush().catch(() => undefined); // what it said before it broke off, for the reason that is thrown
      throw error;
    });
    await narration.flush();
    const { exitCode } = await run.process.ended;
    if (exitCode !== 0) throw this.#failed(run, exitCode, ending);
    const said = this.session.text(ending?.text ?? '', 1000) || narration.lastMessage.slice(-1000);
    return ending?.ok === false
      ? { outcome: 'gave-up', summary: said || 'It says that it failed.' }
      : { outcome: 'done', summary: said || 'It said nothing.' };
  }

  #failed(run: ProgramRun, exitCode: number | null, ending: Ending | undefined): HyperRunError {
    const how = exitCode === null ? 'was ended by a signal' : `ended with code ${exitCode}`;
    const words = run.lastWords() || this.session.text(ending?.text ?? '', 300);
    return new HyperRunError('agent.crashed', `Its program ${how}${words === '' ? '.' : `: ${words}`}`, { exitCode });
  }
}

const listen = async (run: ProgramRun, format: Format): Promise<void> => {
  for await (const { text: line } of linesOf(run.process.stdout)) {
    run.keep(line);
    const message = format.take === undefined ? undefined : parse(line);
    await (message === undefined ? format.other?.(line) : format.take?.(message));
  }
};

const parse = (line: string): unknown => {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // not JSON: what programs print besides
  }
};
