/** The MCP servers of a window, loaded when something first needs them. A part of app.ts. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Budgets } from './core/budgets.ts';
import type { SecretBox } from './core/mcp.ts';
import type { Provider } from './core/provider.ts';
import { createSampling, type SamplingTarget } from './core/sampling.ts';
import type { Store } from './core/store.ts';
import { loadOnce } from './lazyPart.ts';
import { createMcpConfigs } from './mcp/configs.ts';
import { problemOf, secretAsked } from './mcp/elicitation.ts';
import { findImports } from './mcp/importSources.ts';
import { createMcpRecords, createMcpServers, mcpInputKey } from './mcp/index.ts';
import { createLoginPath } from './mcp/loginPath.ts';
import { modelSchema } from './mcp/modelSchema.ts';
import { createProcessGuard } from './mcp/processGuard.ts';
import { mcpTemplates } from './mcp/templates.ts';
import type { McpConnect, McpSignIns } from './mcp/types.ts';
import { mcpTimes } from './mcp/types.ts';
import type { NewAuditEntry } from './shared/audit.ts';
import type { ModelRef } from './shared/message.ts';
import { findProgram } from './tools/findProgram.ts';
import { killTree } from './tools/processTree.ts';
import { openSpill } from './tools/spill.ts';
import { createEditorTools } from './vscode/editorTools.ts';
import { showMcpChanges } from './vscode/mcpChanges.ts';
import { createMcpCommands } from './vscode/mcpCommands.ts';
import { createMcpDocuments } from './vscode/mcpDocuments.ts';
import { createMcpLog } from './vscode/mcpLog.ts';
import { tellMcpChanges } from './vscode/mcpNotices.ts';
import { createMcpPeople } from './vscode/mcpPeople.ts';
import { clientMetadataUrl } from './vscode/mcpSettings.ts';
import { createMcpSignInAsk } from './vscode/mcpSignIn.ts';
import { createMcpView } from './vscode/mcpView.ts';
import { watchFolder } from './vscode/skillWatch.ts';
import { workspaceRoots } from './vscode/workspaceRoots.ts';

/** Files that servers gave are kept for a week. */
const keptForMs = 7 * 24 * 60 * 60_000;

/** States of servers change in quick succession. Milliseconds. */
const tellAfterMs = 300;

/** Keeps what servers give in a folder of ours. */
const createKeptFiles = (folder: string, now: () => number) => {
  const removeOld = async (): Promise<void> => {
    for (const name of await readdir(folder)) {
      const file = path.join(folder, name);
      const status = await stat(file).catch(() => undefined);
      if (status !== undefined && now() - status.mtimeMs > keptForMs)
        await unlink(file).catch(() => undefined);
    }
  };
  /** @param name safe on every system */
  return async (name: string, bytes: Uint8Array): Promise<string> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeOld();
    const file = path.join(folder, `${now().toString(36)}-${randomBytes(4).toString('hex')}-${name}`);
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
    return file;
  };
};

export type McpSet = ReturnType<typeof createMcpSet>;

export const createMcpSet = (ports: {
  readonly context: vscode.ExtensionContext;
  readonly secrets: SecretBox;
  /** The environment of a program on this computer, without keys. */
  environment(): Record<string, string>;
  budgets(): Budgets;
  provider(model: ModelRef): Provider;
  readonly store: Pick<Store, 'record'>;
  /** Which model answers a server that asks for it. @param sessionId the chat it works for, where that is known */
  samplingTarget(sessionId?: string): Promise<SamplingTarget | undefined>;
  audit(entry: NewAuditEntry): Promise<void>;
  redact(text: string): string;
  /** Absolute; long outputs go there. */
  readonly spillFolder: string;
  /** Absolute; files that servers give go there, and nothing else. */
  readonly keptFolder: string;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { context, secrets, redact, now, logError } = ports;
  const storage = context.globalStorageUri.fsPath;
  const ownFolder = path.join(storage, 'mcp');
  const userFile = path.join(ownFolder, 'mcp.json');
  const isTrusted = (): boolean => vscode.workspace.isTrusted;
  const log = createMcpLog({ redact });
  const documents = createMcpDocuments();
  const { store, provider } = ports;
  const people = createMcpPeople({
    ...{ documents, redact, logError, secretAsked, problemOf },
    state: context.globalState,
    sampling: createSampling({ store, budgets: ports.budgets(), provider, now }),
    samplingTarget: ({ sessionId }) => ports.samplingTarget(sessionId),
  });

  const configs = createMcpConfigs({
    ownFolder,
    folders: workspaceRoots,
    home: homedir(),
    environment: () => process.env,
    platform: process.platform,
    watch: (folder, file, onChange) => {
      // A folder that is just being made may have its file before the editor watches it.
      if (file.includes('/')) return watchFolder(path.join(folder, path.dirname(file)), onChange);
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.file(folder), file),
      );
      return vscode.Disposable.from(
        watcher,
        watcher.onDidCreate(onChange),
        watcher.onDidChange(onChange),
        watcher.onDidDelete(onChange),
      );
    },
  });
  const records = createMcpRecords({
    folder: path.join(ownFolder, 'records'),
    logError,
    watch: watchFolder,
  });

  const logOwn = (text: string): void => log.write('AnyCowork', 'warning', text);
  const login = createLoginPath({ environment: ports.environment, killTree, log: logOwn });
  const guard = createProcessGuard({
    file: path.join(context.extensionPath, 'dist', 'mcpGuard.js'),
    environment: ports.environment,
    log: logOwn,
  });
  const version: unknown = context.extension.packageJSON.version;
  /** The client and its transports are large, and only who has servers needs them. */
  const connector = loadOnce(async (): Promise<McpConnect> => {
    const [{ createMcpConnect }, { createStdioTransport }] = await Promise.all([
      import('./mcp/connect.ts'),
      import('./mcp/stdioTransport.ts'),
    ]);
    return createMcpConnect({
      startProcess: (server, write) =>
        createStdioTransport(server, {
          environment: ports.environment,
          loginPath: login.get,
          findProgram,
          killTree,
          guard,
          log: write,
          times: mcpTimes,
        }),
      clientInfo: { name: 'AnyCowork', version: typeof version === 'string' ? version : '' },
      now,
    });
  });
  const connect: McpConnect = async (request, signal) => (await connector.get())(request, signal);
  /** Before the last look at what is approved, behind which nothing is to be waited for. */
  const prepare = async (): Promise<void> => {
    // The editor may not watch a folder that is not there.
    await mkdir(ownFolder, { recursive: true });
    if ((await configs.read()).servers.length > 0) await connector.get();
  };
  prepare().catch(logError);
  const { get: loadSignIns } = loadOnce<McpSignIns>(async () =>
    (await import('./mcp/signIns.ts')).createMcpSignIns({
      secrets,
      openBrowser: people.openBrowser,
      externalUrl: people.externalUrl,
      clientMetadataUrl,
      now,
      log: (text) => log.write('AnyCowork', 'info', text),
    }),
  );
  const signIns: McpSignIns = {
    provider: async (server) => (await loadSignIns()).provider(server),
    signIn: async (server, signal) => (await loadSignIns()).signIn(server, signal),
    signOut: async (server) => (await loadSignIns()).signOut(server),
    isSignedIn: async (server) => (await loadSignIns()).isSignedIn(server),
  };

  const keep = createKeptFiles(ports.keptFolder, now);
  const servers = createMcpServers({
    ...{ configs, records, connect, signIns, people, secrets, log, isTrusted, redact, now, logError },
    audit: ports.audit,
    roots: () =>
      (vscode.workspace.workspaceFolders ?? [])
        .filter(({ uri }) => uri.scheme === 'file')
        .map(({ uri, name }) => ({ uri: uri.toString(), name })),
    // Where agents may read it.
    spill: async (text) => {
      const { file, handle } = await openSpill(ports.spillFolder);
      try {
        await handle.writeFile(text);
      } finally {
        await handle.close();
      }
      return file;
    },
    saveFile: keep,
    setTimer: (call, milliseconds) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  const editorTools = createEditorTools({ state: context.globalState, schema: modelSchema });
  const asks = createMcpSignInAsk({ servers, showLog: log.show });
  const commands = {
    ...createMcpCommands({
      ...{ servers, configs, userFile, isTrusted, logError },
      templates: mcpTemplates,
      isWindows: process.platform === 'win32',
      folders: workspaceRoots,
      findImports: async () =>
        findImports({
          home: homedir(),
          environment: process.env,
          platform: process.platform,
          storageFolder: storage,
          folders: workspaceRoots(),
          usedInputIds: (await configs.read()).servers.flatMap(({ inputs }) => inputs.map(({ id }) => id)),
        }),
      keepInput: (target, id, value) => secrets.set(mcpInputKey(target, id), value),
      signIns: asks,
      showChanges: (info, hash) => showMcpChanges({ servers, documents }, info, hash),
      showText: documents.show,
      showLog: log.show,
      refresh: configs.refresh,
    }),
    chooseEditorTools: editorTools.choose,
  };

  let telling: ReturnType<typeof setTimeout> | undefined;
  const windowChanged = (): void => {
    configs.refresh();
    servers.windowChanged();
  };
  const listening = vscode.Disposable.from(
    documents,
    log,
    tellMcpChanges({
      servers,
      review: commands.reviewMcpChanges,
      offerSignIn: asks.offer,
      showLog: log.show,
      logError,
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(windowChanged),
    vscode.workspace.onDidGrantWorkspaceTrust(windowChanged),
  );

  return {
    servers,
    editorTools,
    commands,
    view: createMcpView({ servers }),
    showText: documents.show,
    template: async () => {
      const { templateVariables, expandTemplate } = await import('./mcp/template.ts');
      return { variables: templateVariables, expand: expandTemplate };
    },
    /** Also when something else has changed: whoever listens asks for them. */
    onPromptsChanged: (listener: () => void): void => {
      servers.onChange(() => {
        telling ??= setTimeout(() => {
          telling = undefined;
          listener();
        }, tellAfterMs);
      });
    },
    close: async () => {
      clearTimeout(telling);
      listening.dispose();
      await servers.close();
      await Promise.all([login.close(), guard.close()]);
      records.close();
      configs.close();
    },
  } as const;
};
