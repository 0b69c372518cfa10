import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { StorageReport, StorageUse } from '../../../extension/core/storageReport.ts';
import type { AnyCoworkApi } from '../../../extension/main.ts';
import type { AgentEvent } from '../../../extension/shared/event.ts';
import { type Message, textOf } from '../../../extension/shared/message.ts';
import type { FoundSession, SessionSummary, Shelf } from '../../../extension/shared/session.ts';

const run = <T>(name: string, ...values: unknown[]): Thenable<T> =>
  vscode.commands.executeCommand<T>(`anycowork.${name}`, ...values);

/** A row of the list of chats, as a native menu hands it over. */
const row = (sessionId: string) => ({ webviewSection: 'session', sessionId, webview: 'anycowork.chat' });

describe('commands for chats', () => {
  const events: AgentEvent[] = [];
  let listening: vscode.Disposable | undefined;
  let folder = '';
  let sessionId = '';

  const ended = async (jobId: string): Promise<void> => {
    for (let tries = 0; tries < 1_000; tries += 1) {
      if (events.some((event) => event.jobId === jobId && event.type === 'JobCompleted')) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`not done: ${events.map((event) => event.type).join(' ')}`);
  };
  const say = async (message: string, inSession?: string): Promise<string> => {
    const started = await run<{ jobId: string; sessionId: string }>('chat', {
      message,
      ...(inSession === undefined ? {} : { sessionId: inSession }),
    });
    await ended(started.jobId);
    return started.sessionId;
  };
  const list = (shelf: Shelf) => run<SessionSummary[]>('getSessions', { shelf });
  const find = async (id: string, shelf: Shelf = 'active') =>
    (await list(shelf)).find((session) => session.id === id);
  const messages = async (id: string): Promise<string[]> =>
    (await run<Message[]>('getMessages', id)).map((message) => `${message.role}: ${textOf(message.content)}`);

  before(async () => {
    const extension = vscode.extensions.getExtension<AnyCoworkApi>('anycowork.anycowork');
    const api = await extension?.activate();
    listening = api?.onEvent((event) => events.push(event));
    folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-commands-'));
    sessionId = await say('say The cormorant dives');
  });
  after(() => {
    listening?.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('have titles, and are all there', async () => {
    const wanted = ['renameSession', 'pinSession', 'unpinSession', 'archiveSession', 'unarchiveSession']
      .concat(['deleteSession', 'restoreSession', 'forkSession', 'editMessage', 'retryMessage'])
      .concat(['exportSession', 'importSession', 'copySession', 'searchSessions', 'checkStorage'])
      .concat(['openStorageFolder', 'exportEverything', 'manageStorage'])
      .map((name) => `anycowork.${name}`);
    const registered = new Set(await vscode.commands.getCommands(true));
    const contributed: { command: string; title: string }[] =
      vscode.extensions.getExtension('anycowork.anycowork')?.packageJSON.contributes.commands;
    const titled = new Set(contributed.filter(({ title }) => title !== '').map(({ command }) => command));
    assert.deepEqual(
      wanted.filter((command) => !registered.has(command) || !titled.has(command)),
      [],
    );
  });

  it('rename, pin, archive, delete and bring back', async () => {
    assert.equal(await run('renameSession', sessionId, 'Sea birds'), true);
    assert.equal((await find(sessionId))?.title, 'Sea birds');
    await run('pinSession', row(sessionId));
    assert.equal((await find(sessionId))?.isPinned, true);
    assert.equal((await list('active'))[0]?.id, sessionId);
    await run('unpinSession', sessionId);
    assert.equal((await find(sessionId))?.isPinned, false);
    await run('archiveSession', row(sessionId));
    assert.equal(await find(sessionId), undefined);
    assert.equal((await find(sessionId, 'archived'))?.shelf, 'archived');
    await run('unarchiveSession', sessionId);
    // Without a question: a window under test would answer it, and then wait.
    assert.equal(await run('deleteSession', sessionId), true);
    assert.equal((await find(sessionId, 'deleted'))?.title, 'Sea birds');
    await assert.rejects(async () => say('say no', sessionId), /deleted/);
    assert.equal(await run('restoreSession', sessionId), true);
    assert.equal((await find(sessionId))?.shelf, 'active');
    await assert.rejects(async () => run('restoreSession', sessionId), /not deleted/);
    await assert.rejects(async () => run('renameSession', sessionId, ''), /arguments are not right/);
  });

  it('copy and export a chat, and import it again', async () => {
    await run('copySession', sessionId);
    assert.match(await vscode.env.clipboard.readText(), /^# Sea birds[\s\S]*The cormorant dives/);
    const file = path.join(folder, 'birds.json');
    assert.equal(await run('exportSession', sessionId, { format: 'json', file }), file);
    const markdown = path.join(folder, 'birds.md');
    await run('exportSession', sessionId, { format: 'markdown', file: markdown });
    assert.match(readFileSync(markdown, 'utf8'), /The cormorant dives/);
    const [imported] = await run<{ sessionId: string }[]>('importSession', [file]);
    assert.ok(imported);
    assert.notEqual(imported.sessionId, sessionId);
    assert.deepEqual(await messages(imported.sessionId), await messages(sessionId));
    const wrong = path.join(folder, 'wrong.json');
    writeFileSync(wrong, '{}');
    const [refused] = await run<{ problem: string }[]>('importSession', wrong);
    assert.match(refused?.problem ?? '', /not a chat that AnyCowork exported/);
    await run('deleteSession', imported.sessionId);
  });

  it('fork, answer again, and edit, without losing anything', async () => {
    const chat = await say('say One');
    await say('say Two', chat);
    const [first] = (await run<Message[]>('getMessages', chat)).filter(({ role }) => role === 'user');
    assert.ok(first);
    const fork = await run<string>('forkSession', chat, first.id);
    assert.deepEqual(await messages(fork), ['user: say One']);
    const whole = await run<string>('forkSession', chat);
    assert.equal((await messages(whole)).length, 4);
    const started = await run<{ jobId: string }>('editMessage', chat, first.id, 'say Three');
    await ended(started.jobId);
    assert.deepEqual(await messages(chat), ['user: say Three', 'assistant: Three']);
    const kept = (await list('archived')).find(({ title }) => title.includes('before the edit'));
    assert.ok(kept);
    assert.equal((await messages(kept.id)).length, 4);
    const answer = (await run<Message[]>('getMessages', chat)).at(-1);
    const before = events.length;
    assert.equal(await run('retryMessage', chat, answer?.id), true);
    const again = events.slice(before).find(({ type }) => type === 'JobStarted');
    assert.ok(again);
    await ended(again.jobId);
    assert.deepEqual(await messages(chat), ['user: say Three', 'assistant: Three']);
    await assert.rejects(async () => run('retryMessage', chat, 'nothing'), /not in the chat any more/);
  });

  it('find chats by what stands in them, and open them there', async () => {
    const found = await run<FoundSession[]>('searchSessions', { text: 'cormorant' });
    const own = found.find(({ session }) => session.id === sessionId);
    assert.ok(own, `not among ${found.map(({ session }) => session.title).join(', ')}`);
    const [hit] = own.hits;
    assert.ok(hit);
    const [range] = hit.ranges;
    assert.equal(hit.snippet.slice(...(range ?? [0, 0])).toLowerCase(), 'cormorant');
    await run('searchSessions', { sessionId, row: hit.row });
  });

  it('check the history, say what it takes and where it is', async () => {
    const storage = await run<string>('openStorageFolder');
    assert.ok(existsSync(path.join(storage, 'anycowork.journal')), storage);
    const report = await run<StorageReport>('checkStorage', {});
    assert.deepEqual(
      report.findings.filter(({ severity }) => severity === 'problem'),
      [],
    );
    assert.ok(report.facts.length > 0);
    assert.equal(report.use.folder, storage);
    const use = await run<StorageUse>('manageStorage', {});
    assert.ok(use.bytes > 0 && use.largest.some(({ session }) => session.id === sessionId));
    assert.equal(typeof (await run('checkStorage', { repair: 'searchIndex' })), 'string');
    // What was imported and deleted above goes for good.
    assert.ok((await list('deleted')).length > 0);
    assert.equal(typeof (await run('manageStorage', { free: 'deletedChats' })), 'number');
    assert.deepEqual(await list('deleted'), []);
  });

  it('show the report as a document that cannot be changed', async () => {
    await run('checkStorage');
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.scheme, 'anycowork-report');
    assert.equal(document?.languageId, 'markdown');
    assert.match(document?.getText() ?? '', /Everything is in order/);
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });

  it('export everything, without a key', async () => {
    const exported = await run<{ folder: string; chats: number; skipped: unknown[] }>('exportEverything', {
      folder,
    });
    assert.deepEqual(exported.skipped, []);
    const all = (await list('active')).length + (await list('archived')).length;
    assert.equal(exported.chats, all);
    const names = readdirSync(exported.folder);
    assert.equal(names.filter((name) => name.endsWith('.json')).length, all + 1);
    assert.equal(names.filter((name) => name.endsWith('.md')).length, all + 1);
    const texts = names.map((name) => readFileSync(path.join(exported.folder, name), 'utf8')).join('\n');
    assert.match(texts, /The cormorant dives/);
    assert.doesNotMatch(texts, /planted-key/);
  });
});
