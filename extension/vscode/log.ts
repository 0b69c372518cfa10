import * as vscode from 'vscode';
import { redact } from '../core/redact.ts';

export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(error: unknown): void;
  show(): void;
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);

/** The "AnyCowork" output channel. Every line passes the redactor; logging never throws, even after dispose. */
export const createLog = (secrets: () => Iterable<string>): Log & vscode.Disposable => {
  const channel = vscode.window.createOutputChannel('AnyCowork', { log: true });
  let isDisposed = false;
  const write = (level: 'info' | 'warn' | 'error', text: string): void => {
    if (isDisposed) return;
    try {
      channel[level](redact(text, secrets()));
    } catch {
      // The window is closing; there is nobody left to read it.
    }
  };
  return {
    info: (message) => write('info', message),
    warn: (message) => write('warn', message),
    error: (error) => write('error', describe(error)),
    show: () => channel.show(true),
    dispose: () => {
      isDisposed = true;
      channel.dispose();
    },
  };
};
