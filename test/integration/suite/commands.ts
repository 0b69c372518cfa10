import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { AnyCoworkApi } from '../../../extension/main.ts';
import type { Agent } from '../../../extension/shared/agent.ts';
import type { AgentEvent, EventOf } from '../../../extension/shared/event.ts';
import { type Message, textOf } from '../../../extension/shared/message.ts';
import type { SessionSummary } from '../../../extension/shared/session.ts';

const run = <T>(name: string, ...values: unknown[]): Thenable<T> =>
  vscode.commands.executeCommand<T>(`anycowork.${name}`, ...values);

const folder = (): string => {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first);
  return first.uri.fsPath;
};

describe('commands', () => {
  const events: AgentEvent[] = [];
  let listening: vscode.Disposable | undefined;

  before(async () => {
    const extension = vscode.extensions.getExtension<AnyCoworkApi>('anycowork.anycowork');
    const api = await extension?.activate();
    listening = api?.onEvent((event) => events.push(event));
  });
  after(() => listening?.dispose());

  const event = async <T extends AgentEvent['type']>(jobId: string, type: T): Promise<EventOf<T>> => {
    for (let tries = 0; tries < 1_000; tries += 1) {
      const found = events.find((each): each is EventOf<T> => each.jobId === jobId && each.type === type);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no ${type}: ${events.map((each) => each.type).join(' ')}`);
  };

  const chat = (message: string, sessionId?: string) =>
    run<{ jobId: string; sessionId: string }>('chat', {
      message,
      ...(sessionId === undefined ? {} : { sessionId }),
    });

  it('makes, changes and deletes agents', async () => {
    const made = await run<Agent>('createAgent', { name: 'Reviewer', instructions: 'Review.' });
    assert.equal(made.name, 'Reviewer');
    const changed = await run<Agent>('updateAgent', made.id, { name: 'Tester' });
    assert.equal(changed.name, 'Tester');
    assert.ok((await run<Agent[]>('getAgents')).some((agent) => agent.name === 'Tester'));
    await run('createAgent', { name: 'Another' });
    assert.equal(await run('deleteAgent', made.id), true);
    assert.ok(!(await run<Agent[]>('getAgents')).some((agent) => agent.id === made.id));
    await assert.rejects(async () => run('createAgent', { name: 1 }), /not an agent/);
  });

  it('runs a chat to its answer, and lists it with its messages', async () => {
    const { jobId, sessionId } = await chat('say Hello from the model');
    assert.equal((await event(jobId, 'JobCompleted')).message, 'Hello from the model');
    const sessions = await run<SessionSummary[]>('getSessions');
    assert.ok(sessions.some((session) => session.id === sessionId));
    const messages = await run<Message[]>('getMessages', sessionId);
    assert.deepEqual(
      messages.map((message) => `${message.role}: ${textOf(message.content)}`),
      ['user: say Hello from the model', 'assistant: Hello from the model'],
    );
  });

  it('waits for an approval by command, and writes the file then', async () => {
    const { jobId } = await chat('call write_file {"path":"notes/new.txt","content":"fresh\\n"}');
    const { step } = await event(jobId, 'ApprovalRequired');
    const file = path.join(folder(), 'notes', 'new.txt');
    assert.ok(!existsSync(file));
    assert.equal(await run('approveAction', step.id), true);
    await event(jobId, 'JobCompleted');
    assert.equal(readFileSync(file, 'utf8'), 'fresh\n');
    assert.equal(await run('approveAction', step.id), false);
  });

  it('lets the model read why a step was rejected', async () => {
    const { jobId } = await chat('call delete_file {"path":"README.md"}');
    const { step } = await event(jobId, 'ApprovalRequired');
    await run('rejectAction', step.id, { reason: 'we need it' });
    const { message } = await event(jobId, 'JobCompleted');
    assert.match(message, /rejected this step.*we need it/);
    assert.ok(existsSync(path.join(folder(), 'README.md')));
  });

  it('asks once for what was approved for the session', async () => {
    const write = (n: number) => `call write_file {"path":"notes/s${n}.txt","content":"${n}"}`;
    const { jobId } = await chat([write(1), write(2)].join('\n'));
    const { step } = await event(jobId, 'ApprovalRequired');
    await run('approveAction', step.id, { scope: 'session' });
    await event(jobId, 'JobCompleted');
    const asked = events.filter((each) => each.jobId === jobId && each.type === 'ApprovalRequired');
    assert.equal(asked.length, 1);
    assert.equal(readFileSync(path.join(folder(), 'notes', 's2.txt'), 'utf8'), '2');
  });

  const asked = (jobId: string) =>
    events.filter((each) => each.type === 'ApprovalRequired').filter((each) => each.jobId === jobId);

  it('asks never again for what was approved for the workspace', async () => {
    const call = 'call run_command {"command":"node --version"}';
    const first = await chat(call);
    const { step } = await event(first.jobId, 'ApprovalRequired');
    assert.equal(await run('approveAction', step.id, { scope: 'workspace' }), true);
    await event(first.jobId, 'JobCompleted');
    const second = await chat(call);
    await event(second.jobId, 'JobCompleted');
    assert.deepEqual(asked(second.jobId), []);
    const approved = await event(second.jobId, 'StepApproved');
    assert.equal(approved.by, 'rule');
    assert.match(approved.reason, /node --version in this workspace/);
    assert.equal(approved.ruleIds?.length, 1);
    const piped = await chat('call run_command {"command":"node --version | cat"}');
    await event(piped.jobId, 'ApprovalRequired');
    await run('cancelJob', piped.jobId);
  });

  it('refuses a scope that a step does not offer, and approves nothing', async () => {
    const { jobId } = await chat('call write_file {"path":".vscode/tasks.json","content":"{}"}');
    const { step, prompt } = await event(jobId, 'ApprovalRequired');
    assert.equal(prompt.isCautioned, true);
    for (const scope of ['session', 'workspace']) {
      await assert.rejects(
        async () => run('approveAction', step.id, { scope }),
        /cannot be approved with the scope.*Nothing was approved.*“once”/,
      );
    }
    await assert.rejects(
      async () => run('approveAction', step.id, { scope: 'always' }),
      /arguments are not right/,
    );
    assert.equal(await run('rejectAction', step.id, { reason: 'no' }), true);
    await event(jobId, 'JobCompleted');
    assert.ok(!existsSync(path.join(folder(), '.vscode', 'tasks.json')));
  });

  it('asks for the edits of one turn together, and each can be answered alone', async () => {
    const write = (name: string) => `write_file {"path":"group/${name}.txt","content":"${name}"}`;
    const { jobId } = await chat(`call ${['a', 'b', 'c'].map(write).join(' ;; ')}`);
    for (let tries = 0; tries < 1_000 && asked(jobId).length < 3; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const questions = asked(jobId);
    assert.equal(questions.length, 3);
    assert.equal(new Set(questions.map(({ prompt }) => prompt.groupId ?? '')).size, 1);
    assert.ok(questions[0]?.prompt.groupId);
    const [a, b, c] = questions.map(({ step }) => step.id);
    assert.equal(await run('approveAction', c), true);
    assert.equal(await run('rejectAction', b, { reason: 'not b' }), true);
    assert.equal(await run('approveAction', a), true);
    await event(jobId, 'JobCompleted');
    const written = ['a', 'b', 'c'].filter((name) => existsSync(path.join(folder(), 'group', `${name}.txt`)));
    assert.deepEqual(written, ['a', 'c']);
  });

  it('reads what the editor holds, and edits it through the editor', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'open.txt'));
    await vscode.workspace.fs.writeFile(uri, Buffer.from('on disk\n'));
    const document = await vscode.workspace.openTextDocument(uri);
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'unsaved, '));
    const edit = '{"path":"open.txt","edits":[{"old_text":"on disk","new_text":"edited"}]}';
    const { jobId } = await chat(`call read_file {"path":"open.txt"}\ncall edit_file ${edit}`);
    const { step } = await event(jobId, 'ApprovalRequired');
    const read = await event(jobId, 'StepCompleted');
    assert.match(textOf(read.result.content), /unsaved, on disk/);
    await run('approveAction', step.id);
    await event(jobId, 'JobCompleted');
    assert.equal(document.getText(), 'unsaved, edited\n');
    assert.equal(document.isDirty, false);
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), 'unsaved, on disk\n');
  });

  it('tells the model the problems that the editor shows', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'src', 'dates.js'));
    const problems = vscode.languages.createDiagnosticCollection('test');
    const range = new vscode.Range(2, 0, 2, 1);
    problems.set(uri, [new vscode.Diagnostic(range, 'planted problem', vscode.DiagnosticSeverity.Error)]);
    const { jobId } = await chat('call diagnostics {}');
    assert.match((await event(jobId, 'JobCompleted')).message, /dates\.js[\s\S]*planted problem/);
    problems.dispose();
  });

  it('runs a command without our keys, and stops it', async () => {
    const { jobId } = await chat('call run_command {"command":"env; sleep 60"}');
    const { step } = await event(jobId, 'ApprovalRequired');
    await run('approveAction', step.id);
    await event(jobId, 'StepProgress');
    const started = Date.now();
    assert.equal(await run('cancelJob', jobId), true);
    assert.ok(Date.now() - started < 4_000);
    const { result } = await event(jobId, 'StepCompleted');
    assert.equal(result.outcome, 'cancelled');
    await event(jobId, 'JobCancelled');
    const output = events.map((each) => (each.type === 'StepProgress' ? each.text : '')).join('');
    assert.match(output, /PATH=/);
    assert.doesNotMatch(output, /planted-key|GEMINI_API_KEY|VSCODE_/);
    assert.equal(await run('cancelJob', jobId), false);
  });

  it('stays inside the folder', async () => {
    const { jobId } = await chat('call read_file {"path":"../../../../etc/passwd"}');
    const { result } = await event(jobId, 'StepCompleted');
    assert.equal(result.outcome, 'failed');
    assert.doesNotMatch(textOf(result.content), /root:/);
  });

  it('refuses a second message while the first is worked on', async () => {
    const { jobId, sessionId } = await chat('call run_command {"command":"true"}');
    await event(jobId, 'ApprovalRequired');
    await assert.rejects(async () => chat('say two', sessionId), /still working/);
    await run('cancelJob', jobId);
    const next = await chat('say three', sessionId);
    assert.equal((await event(next.jobId, 'JobCompleted')).message, 'three');
  });

  it('says what is wrong with arguments', async () => {
    await assert.rejects(async () => run('chat', { text: 'hello' }), /arguments are not right/);
    await assert.rejects(async () => run('getMessages', 'nobody'), /no chat/);
  });
});
