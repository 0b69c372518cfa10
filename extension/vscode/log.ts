import * as vscode from 'vscode';
import { redact } from '../core/redact.ts';

export interface Log {
  warn(message: string): void;
  error(error: unknown): void;
  show(): void;
}

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${describe(error.cause)}`;
};

/** The "AnyCowork" output channel. Every line passes the redactor; logging never throws, even after dispose. */
export const createLog = (secrets: () => Iterable<string>): Log & vscode.Disposable => {
  const channel = vscode.window.createOutputChannel('AnyCowork', { log: true });
  let isDisposed = false;
  const write = (level: 'warn' | 'error', text: string): void => {
    if (isDisposed) return;
    try {
      channel[level](redact(text, secrets()));
    } catch {
      // The window is closing; there is nobody left to read it.
    }
  };
  return {
    warn: (message) => write('warn', message),
    error: (error) => write('error', describe(error)),
    show: () => channel.show(true),
    dispose: () => {
      isDisposed = true;
      channel.dispose();
    },
  };
};
