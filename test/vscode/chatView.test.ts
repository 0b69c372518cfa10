import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type * as vscode from 'vscode';
import type { EventListener, Jobs } from '../../extension/core/jobs.ts';
import type { AgentEvent, Step } from '../../extension/shared/event.ts';
import { messageTextLimit } from '../../extension/shared/message.ts';
import type { ToHost, ToWebview } from '../../extension/shared/protocol.ts';
import type { ChatSource, PlainBody } from '../../extension/vscode/chatView.ts';
import { told } from '../fakes/vscode.ts';
import { at, chat, commandPrompt, step, surroundings, user } from '../webview/samples.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createChatView } = await loadWithVscode(() => import('../../extension/vscode/chatView.ts'));

/** A view that VS Code has shown, and both ends of its wire. */
const attached = (source: Partial<ChatSource> = {}) => {
  const posts: ToWebview[] = [];
  const logged: unknown[] = [];
  const handled: ToHost[] = [];
  const jobListeners: EventListener[] = [];
  let say: (value: unknown) => unknown = () => undefined;
  const jobs: Pick<Jobs, 'onEvent'> = {
    onEvent: (listener) => {
      jobListeners.push(listener);
      return () => undefined;
    },
  };
  const view = createChatView(
    {
      snapshot: async (taken) => void taken(chat([user('u1', 'Hi')]), undefined),
      surroundings: async () => surroundings,
      handle: async (message) => {
        handled.push(message);
      },
      isShown: (sessionId) => sessionId === 's1',
      ...source,
    },
    // It listens to events only.
    jobs as Jobs,
    { error: (error) => logged.push(error) },
  );
  let onVisibility = (): void => undefined;
  const nothing = { dispose: () => undefined };
  const webviewView = {
    visible: true,
    webview: {
      postMessage: async (messages: readonly ToWebview[]) => posts.push(...messages),
      onDidReceiveMessage: (listener: (value: unknown) => unknown) => {
        say = listener;
        return nothing;
      },
    },
    onDidChangeVisibility: (listener: () => void) => {
      onVisibility = listener;
      return nothing;
    },
    onDidDispose: () => nothing,
  };
  // The members it uses.
  view.attach(webviewView as never as vscode.WebviewView, []);
  return {
    view,
    posts,
    logged,
    handled,
    /** What the page says; resolves when it has been dealt with. */
    say: async (value: unknown): Promise<void> => void (await say(value)),
    tellEvent: (...of: Parameters<EventListener>) => {
      for (const listener of jobListeners) listener(...of);
    },
    hide: () => {
      webviewView.visible = false;
      onVisibility();
    },
    types: () => posts.map(({ type }) => type),
  };
};

/** Fails that many times, then reads. */
const failing = (times: number): Partial<ChatSource> & { reads: number } => {
  const source = {
    reads: 0,
    surroundings: async () => {
      source.reads += 1;
      if (source.reads <= times) throw new Error('The storage thread stopped.');
      return surroundings;
    },
  };
  return source;
};

beforeEach(() => {
  told.length = 0;
});

describe('chat view: what the page says', () => {
  it('is handled, and answered through it', async () => {
    const accepted: PlainBody = { type: 'accepted', requestId: 'q1' };
    const shown = attached({ handle: async (_message, post) => post(accepted) });
    await shown.say({ type: 'ready' });
    await shown.say({ type: 'newChat' });
    assert.deepEqual(shown.posts.at(-1), { ...accepted, seq: 1 });
  });

  it('refuses a message that breaks the protocol, in a sentence, so that the composer is free again', async () => {
    const shown = attached();
    await shown.say({ type: 'ready' });
    const text = 'x'.repeat(messageTextLimit + 1);
    await shown.say({ type: 'send', requestId: 'q1', sessionId: '', text, images: [] });
    const last = shown.posts.at(-1);
    assert.equal(last?.type, 'refused');
    assert.equal(last?.type === 'refused' && last.requestId, 'q1');
    assert.match(last?.type === 'refused' ? last.message : '', /^Your message could not be sent.*kept.*\.$/);
    assert.deepEqual(told, []);
    assert.equal(shown.logged.length, 1);
    assert.equal(shown.handled.length, 0);
  });

  it('tells a person in a sentence what nobody waits for', async () => {
    const shown = attached();
    await shown.say({ type: 'decide', stepId: 1 });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^AnyCowork: [A-Z][^{}[\]]*\.$/);
    assert.equal(shown.handled.length, 0);
  });

  it('tells what a handler could not do', async () => {
    const shown = attached({ handle: () => Promise.reject(new Error('It is gone.')) });
    await shown.say({ type: 'newChat' });
    assert.deepEqual(told, ['AnyCowork: It is gone.']);
  });
});

describe('chat view: a chat in its middle', () => {
  it('has the row that is to be marked in its snapshot, and the source hears whether it was posted', async () => {
    const posted: boolean[] = [];
    const first = Promise.withResolvers<void>();
    let reads = 0;
    const shown = attached({
      snapshot: async (taken) => {
        reads += 1;
        if (reads === 1) await first.promise;
        posted.push(taken(chat([user('u1', 'Hi')]), 7));
      },
    });
    const overtaken = shown.say({ type: 'ready' });
    await shown.view.reload();
    first.resolve();
    await overtaken;
    assert.deepEqual(posted, [true, false]);
    assert.deepEqual(shown.types(), ['snapshot']);
    const [snapshot] = shown.posts;
    assert.equal(snapshot?.type === 'snapshot' && snapshot.focusRow, 7);
  });

  it('has no such word where no row is to be marked', async () => {
    const shown = attached();
    await shown.say({ type: 'ready' });
    assert.ok(!('focusRow' in (shown.posts[0] ?? {})));
  });
});

describe('chat view: a chat that cannot be read', () => {
  it('is read again, and nobody hears of it when that works', async () => {
    const shown = attached(failing(1));
    await shown.say({ type: 'ready' });
    assert.deepEqual(shown.types(), ['snapshot']);
    assert.deepEqual(told, []);
    assert.equal(shown.logged.length, 1);
    shown.tellEvent({ type: 'Token', jobId: 'j1', at: 1, text: 'Goes on.' }, 's1');
    // What is posted next takes the event along.
    shown.view.post({ type: 'focusComposer' });
    assert.deepEqual(shown.types(), ['snapshot', 'event', 'focusComposer']);
  });

  it('is told in the view once, and shown when the person tries again', async () => {
    const shown = attached(failing(2));
    await shown.say({ type: 'ready' });
    const [failed] = shown.posts;
    assert.equal(
      failed?.type === 'failed' && failed.message,
      'The chat could not be shown. The storage thread stopped. What was saved is kept, and so is what you have typed.',
    );
    assert.deepEqual(shown.types(), ['failed']);
    assert.deepEqual(told, []);
    await shown.say({ type: 'ready' });
    assert.deepEqual(shown.types(), ['failed', 'snapshot']);
  });

  it('counts too when the host wanted to show it, which then has not failed', async () => {
    let isGone = false;
    const shown = attached({
      surroundings: async () => {
        if (isGone) throw new Error('Gone.');
        return surroundings;
      },
    });
    await shown.say({ type: 'ready' });
    isGone = true;
    await shown.view.reload();
    // The page counts what it gets.
    assert.deepEqual(
      shown.posts.map(({ type, seq }) => [type, seq]),
      [
        ['snapshot', 0],
        ['failed', 1],
      ],
    );
  });

  it('is not waited for by what the page needs besides', async () => {
    const shown = attached({
      surroundings: () => Promise.reject(new Error('Gone.')),
      handle: async (_message, post) => post({ type: 'refused', requestId: 'q1', message: 'Not now.' }),
    });
    shown.view.post({ type: 'showSessions' });
    const reading = shown.say({ type: 'ready' });
    await shown.say({ type: 'newChat' });
    assert.deepEqual(shown.types(), ['showSessions', 'refused']);
    await reading;
    assert.deepEqual(shown.types(), ['showSessions', 'refused', 'failed']);
  });

  it('is not read again when another was asked for meanwhile', async () => {
    const source = failing(1);
    const shown = attached(source);
    const first = shown.say({ type: 'ready' });
    await new Promise((resolve) => setImmediate(resolve));
    await shown.view.reload();
    await first;
    assert.deepEqual(shown.types(), ['snapshot']);
    assert.equal(source.reads, 2);
  });
});

describe('chat view: the list of chats', () => {
  const read = step('r1', 'read_file', 'a.ts');
  const run = step('w1', 'run_command', 'npm test', 'execute');
  const asked: AgentEvent = { ...at(2), type: 'ApprovalRequired', step: run, prompt: commandPrompt };
  const approved = (of: Step): AgentEvent => ({
    ...at(3),
    type: 'StepApproved',
    step: of,
    by: 'user',
    reason: '',
  });
  const begun: AgentEvent = { ...at(0), type: 'JobStarted', sessionId: 's9', agentId: 'coder' };

  /** How often the list is said to have changed after these events of a chat that is not shown. */
  const changes = async (...events: readonly AgentEvent[]): Promise<number> => {
    const shown = attached();
    await shown.say({ type: 'ready' });
    for (const event of events) {
      shown.tellEvent(event, 's9');
      await pause(250);
    }
    shown.view.dispose();
    return shown.types().filter((type) => type === 'sessionsChanged').length;
  };

  it('changes when a job starts, waits for an answer, gets it, and ends', async () => {
    assert.equal(await changes(begun, asked, approved(run), { ...at(4), type: 'JobCancelled' }), 4);
  });

  it('does not change with what the agent does by itself', async () => {
    assert.equal(await changes(approved(read), { ...at(3), type: 'Token', text: 'Hi' }), 0);
  });

  it('is said to have changed once for what happens together, and to nobody while no page is there', async () => {
    const shown = attached();
    shown.tellEvent(begun, 's9');
    await pause(250);
    await shown.say({ type: 'ready' });
    assert.deepEqual(shown.types(), ['snapshot']);
    for (const event of [begun, asked, approved(run)]) shown.tellEvent(event, 's9');
    await pause(250);
    assert.deepEqual(shown.types(), ['snapshot', 'sessionsChanged']);
  });
});

describe('chat view: while it is hidden', () => {
  it('reads nothing and listens to nothing', async () => {
    let reads = 0;
    let hidden = 0;
    const shown = attached({
      surroundings: async () => {
        reads += 1;
        return surroundings;
      },
      onHidden: () => {
        hidden += 1;
      },
    });
    await shown.say({ type: 'ready' });
    assert.equal(reads, 1);
    shown.hide();
    assert.equal(hidden, 1);
    await shown.view.reload();
    await shown.view.refreshSurroundings();
    assert.equal(reads, 1);
    await shown.say({ type: 'ready' });
    assert.equal(reads, 2);
  });
});
