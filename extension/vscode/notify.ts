/** Tells the desktop that an agent asks, by the programs that each system has for it. Failures are silent. */
import { spawn as nodeSpawn } from 'node:child_process';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** A program with its arguments; nothing of it is read by a shell. */
export interface NotifyCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The text is read from the environment: PowerShell would parse arguments behind a script as code. */
const balloonScript = [
  'Add-Type -AssemblyName System.Windows.Forms',
  'Add-Type -AssemblyName System.Drawing',
  '$icon = New-Object System.Windows.Forms.NotifyIcon',
  '$icon.Icon = [System.Drawing.SystemIcons]::Information',
  '$icon.Visible = $true',
  '$icon.ShowBalloonTip(10000, $env:ANYCOWORK_TITLE, $env:ANYCOWORK_TEXT, "Info")',
  'Start-Sleep -Seconds 10',
  '$icon.Dispose()',
].join('\n');

/** Bodies of notifications may hold markup on Linux. */
const withoutMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** @returns undefined on a system that has no such program */
export const notifyCommand = (
  platform: string,
  title: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): NotifyCommand | undefined => {
  switch (platform) {
    case 'linux':
      return {
        program: 'notify-send',
        args: ['--app-name=AnyCowork', '--', title, withoutMarkup(text)],
        environment: {},
      };
    case 'darwin':
      return {
        program: '/usr/bin/osascript',
        args: [
          ...['-e', 'on run argv'],
          ...['-e', 'display notification (item 2 of argv) with title (item 1 of argv)'],
          ...['-e', 'end run', title, text],
        ],
        environment: {},
      };
    case 'win32': {
      const root = environment.SystemRoot ?? 'C:\\Windows';
      return {
        program: path.win32.join(root, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'),
        args: [
          ...['-NoProfile', '-NonInteractive', '-WindowStyle', 'Hidden'],
          ...['-EncodedCommand', Buffer.from(balloonScript, 'utf16le').toString('base64')],
        ],
        environment: { ANYCOWORK_TITLE: title, ANYCOWORK_TEXT: text },
      };
    }
    default:
      return undefined;
  }
};

/** Milliseconds between two of them; what comes meanwhile is counted. */
const interval = 10_000;

const textLimit = 200;

/** One line, without controls, cut. */
const plain = (text: string): string => {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length <= textLimit ? line : `${line.slice(0, textLimit - 1)}…`;
};

export interface DesktopNotifier extends vscode.Disposable {
  /** @param text without secrets; a line for a person */
  notify(text: string): void;
}

export const createDesktopNotifier = (options: {
  readonly platform: string;
  /** Of the program that is started: without keys. */
  environment(): Readonly<Record<string, string | undefined>>;
  readonly spawn?: typeof nodeSpawn;
}): DesktopNotifier => {
  const { spawn = nodeSpawn } = options;
  let timer: NodeJS.Timeout | undefined;
  let counted = 0;

  const show = (text: string): void => {
    // What runs remotely is not on the person's desktop.
    if (vscode.env.remoteName !== undefined || vscode.env.uiKind !== vscode.UIKind.Desktop) return;
    try {
      const environment = options.environment();
      const command = notifyCommand(options.platform, 'AnyCowork', plain(text), environment);
      if (command === undefined) return;
      const child = spawn(command.program, [...command.args], {
        shell: false,
        stdio: 'ignore',
        windowsHide: true,
        env: { ...environment, ...command.environment },
      });
      // A missing program: the notification inside the window is all there is.
      child.on('error', () => undefined);
      child.unref();
    } catch {
      // As above.
    }
  };

  const wait = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (counted === 0) return;
      show(`${counted} more ${counted === 1 ? 'question waits' : 'questions wait'} for you.`);
      counted = 0;
      wait();
    }, interval);
    timer.unref();
  };

  return {
    notify: (text) => {
      if (timer !== undefined) {
        counted += 1;
        return;
      }
      show(text);
      wait();
    },
    dispose: () => clearTimeout(timer),
  };
};
