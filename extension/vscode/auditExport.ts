/** The command that writes the record of decisions into a file: JSON Lines, or CSV where the name ends so. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Store } from '../core/store.ts';
import type { AuditEntry } from '../shared/audit.ts';
import { parse } from './commandInput.ts';
import { count, withoutLinks } from './words.ts';

export interface ExportedAudit {
  /** Path or address. */
  readonly file: string;
  readonly decisions: number;
}

const optionsSchema = z
  .object({
    file: z
      .string()
      .refine((value) => path.isAbsolute(value), 'Expected an absolute path')
      .optional(),
  })
  .default({});

/** Entries that are read at once. */
const pageSize = 1_000;

const columns = [
  ...['id', 'at', 'kind', 'outcome', 'by', 'reason', 'title', 'detail', 'tool', 'effect'],
  ...['agentId', 'sessionId', 'jobId', 'stepId', 'ruleIds'],
] as const;

/** A spreadsheet takes these for the beginning of a formula: commands and file names must not become one. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

const cell = (value: string): string => {
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const row = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`;

const csvRow = (entry: AuditEntry): string =>
  row([
    String(entry.id),
    new Date(entry.at).toISOString(),
    entry.kind,
    entry.outcome,
    entry.by,
    entry.reason,
    entry.title,
    entry.detail,
    entry.tool ?? '',
    entry.effect ?? '',
    entry.agentId ?? '',
    entry.sessionId ?? '',
    entry.jobId ?? '',
    entry.stepId ?? '',
    entry.ruleIds.join(' '),
  ]);

interface Format {
  readonly head: string;
  line(entry: AuditEntry): string;
}

/** With a mark at the start, without which spreadsheets do not read it as UTF-8. */
const csv: Format = { head: `\ufeff${row(columns)}`, line: csvRow };
const jsonLines: Format = {
  head: '',
  line: ({ at, ...entry }) => `${JSON.stringify({ at: new Date(at).toISOString(), ...entry })}\n`,
};

export const auditFormat = (name: string): Format => (/\.csv$/i.test(name) ? csv : jsonLines);

/** Takes pieces of a file; whoever reads it sees what it was, or all of it. */
interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
  discard(): Promise<void>;
}

const fileSink = async (target: string): Promise<Sink> => {
  const temporary = path.join(path.dirname(target), `.anycowork-${randomBytes(8).toString('hex')}.tmp`);
  // It holds every command that was run: others on this machine need not read it.
  const handle: FileHandle = await open(temporary, 'wx', 0o600);
  return {
    write: async (text) => {
      await handle.writeFile(text, 'utf8');
    },
    end: async () => {
      await handle.sync();
      await handle.close();
      await rename(temporary, target);
    },
    discard: async () => {
      await handle.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
    },
  };
};

/** What is not on a disk of this machine can only be written at once. */
const remoteSink = (target: vscode.Uri): Sink => {
  const pieces: string[] = [];
  return {
    write: async (text) => void pieces.push(text),
    end: async () => {
      await vscode.workspace.fs.writeFile(target, Buffer.from(pieces.join(''), 'utf8'));
    },
    discard: async () => undefined,
  };
};

export const createAuditExport = (ports: { readonly store: Pick<Store, 'readAudit'> }) => {
  const { store } = ports;

  /** @returns undefined when it was cancelled: then nothing was written */
  const write = async (
    target: vscode.Uri,
    report: (message: string) => void,
    isCancelled: () => boolean,
  ): Promise<ExportedAudit | undefined> => {
    const format = auditFormat(target.path);
    const sink = target.scheme === 'file' ? await fileSink(target.fsPath) : remoteSink(target);
    try {
      await sink.write(format.head);
      let decisions = 0;
      let last = 0;
      for (;;) {
        const page = await store.readAudit(last, pageSize);
        if (isCancelled()) {
          await sink.discard();
          return undefined;
        }
        const newest = page.at(-1);
        if (newest === undefined) break;
        await sink.write(page.map(format.line).join(''));
        last = newest.id;
        decisions += page.length;
        report(count(decisions, 'decision'));
      }
      await sink.end();
      return { file: target.scheme === 'file' ? target.fsPath : target.toString(), decisions };
    } catch (error) {
      await sink.discard();
      throw error;
    }
  };

  const tell = async (target: vscode.Uri, { decisions, file }: ExportedAudit): Promise<void> => {
    const openIt = 'Open';
    const message = withoutLinks(`Exported ${count(decisions, 'decision')} to ${file}.`);
    if ((await vscode.window.showInformationMessage(message, openIt)) !== openIt) return;
    await vscode.commands.executeCommand('vscode.open', target);
  };

  return {
    exportAuditLog: async (options?: unknown): Promise<ExportedAudit | undefined> => {
      // The title of a view passes arguments of its own.
      const isByCode = typeof options === 'object' && options !== null && 'file' in options;
      const given = isByCode ? parse(optionsSchema, options).file : undefined;
      if (given !== undefined)
        return write(
          vscode.Uri.file(given),
          () => undefined,
          () => false,
        );
      if ((await store.readAudit(0, 1)).length === 0) {
        vscode.window.showInformationMessage('Nothing has been decided yet, so there is nothing to export.');
        return undefined;
      }
      const target = await vscode.window.showSaveDialog({
        title: 'Export the record of decisions',
        saveLabel: 'Export',
        filters: { 'JSON Lines': ['jsonl'], CSV: ['csv'] },
      });
      if (target === undefined) return undefined;
      const result = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: 'Exporting decisions', cancellable: true },
        (progress, token) =>
          write(
            target,
            (message) => progress.report({ message }),
            () => token.isCancellationRequested,
          ),
      );
      if (result === undefined)
        vscode.window.showInformationMessage('The export was stopped. No file was written.');
      else void tell(target, result);
      return result;
    },
  };
};
