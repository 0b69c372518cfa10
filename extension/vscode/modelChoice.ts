import * as vscode from 'vscode';
import type { Provider, ProviderDescriptions } from '../core/provider.ts';
import { ProviderError } from '../core/provider.ts';
import { type ModelRef, type ProviderId, providerIds } from '../shared/message.ts';
import type { Keys } from './keys.ts';

export interface ModelChoice {
  hasKey(provider: ProviderId): Promise<boolean>;
  /** The provider's best choice; undefined where only the person can name one. */
  firstModel(provider: ProviderId): ModelRef | undefined;
  /** The model of new agents: the setting, else Gemini's, or that of the first provider with a key. */
  defaultModel(): Promise<ModelRef>;
  /** @returns undefined when the person changed their mind */
  pickModel(current: ModelRef): Promise<ModelRef | undefined>;
  /** Asks for what is missing, tests the key, keeps it. @returns the provider it was set for */
  setApiKey(provider?: ProviderId): Promise<ProviderId | undefined>;
}

/** How long listing models may take before the built-in names are shown, in milliseconds. */
const listDeadline = 8_000;

interface ModelItem extends vscode.QuickPickItem {
  readonly act?: ModelRef | { readonly setKey: ProviderId } | { readonly type: ProviderId };
}

export const createModelChoice = (options: {
  readonly keys: Keys;
  readonly descriptions: ProviderDescriptions;
  provider(id: ProviderId): Provider;
  /** A provider that uses this key instead of the stored one, to test it. */
  providerWithKey(id: ProviderId, key: string): Provider;
  hasBaseUrl(id: ProviderId): boolean;
  settingModel(): ModelRef | undefined;
  logError(error: unknown): void;
}): ModelChoice => {
  const { keys, descriptions } = options;

  const hasKey = async (provider: ProviderId): Promise<boolean> =>
    !descriptions[provider].needsKey || (await keys.get(provider)) !== undefined;

  const firstModel = (provider: ProviderId): ModelRef | undefined => {
    const model = descriptions[provider].fallbackModels[0];
    return model === undefined ? undefined : { provider, model };
  };

  const defaultModel = async (): Promise<ModelRef> => {
    const set = options.settingModel();
    if (set !== undefined) return set;
    for (const provider of providerIds) {
      const model = firstModel(provider);
      if (model !== undefined && descriptions[provider].needsKey && (await hasKey(provider))) return model;
    }
    return firstModel('gemini') ?? { provider: 'gemini', model: 'gemini' };
  };

  const modelItems = async (provider: ProviderId): Promise<ModelItem[]> => {
    const { name, fallbackModels } = descriptions[provider];
    const heading: ModelItem = { label: name, kind: vscode.QuickPickItemKind.Separator };
    if (!(await hasKey(provider))) {
      return [heading, { label: `$(key) Set the ${name} API key…`, act: { setKey: provider } }];
    }
    const other: ModelItem = {
      label: '$(edit) Another model id…',
      description: name,
      act: { type: provider },
    };
    if (provider === 'openaiCompatible' && !options.hasBaseUrl(provider)) return [heading, other];
    try {
      const models = await options.provider(provider).listModels(AbortSignal.timeout(listDeadline));
      const items = models.map(
        (model): ModelItem => ({
          label: model.id,
          ...(model.name === model.id ? {} : { description: model.name }),
          act: { provider, model: model.id },
        }),
      );
      if (items.length > 0) return [heading, ...items, other];
    } catch (error) {
      options.logError(error);
    }
    const builtIn = fallbackModels.map(
      (model): ModelItem => ({
        label: model,
        description: 'the server did not list its models',
        act: { provider, model },
      }),
    );
    return [heading, ...builtIn, other];
  };

  const typeModel = async (provider: ProviderId): Promise<ModelRef | undefined> => {
    const model = await vscode.window.showInputBox({
      title: `Model of ${descriptions[provider].name}`,
      prompt: 'The model id as the server knows it',
      validateInput: (value) => (value.trim() === '' ? 'Type a model id.' : undefined),
    });
    return model === undefined ? undefined : { provider, model: model.trim() };
  };

  const pickModel = async (current: ModelRef): Promise<ModelRef | undefined> => {
    const picker = vscode.window.createQuickPick<ModelItem>();
    picker.title = 'Model of this chat';
    picker.placeholder = `Now: ${current.model}`;
    picker.matchOnDescription = true;
    picker.busy = true;
    const order = [current.provider, ...providerIds.filter((id) => id !== current.provider)];
    // Each provider's part appears as soon as its server has answered.
    const parts = new Map<ProviderId, ModelItem[]>();
    const chosen = new Promise<ModelItem | undefined>((resolve) => {
      picker.onDidAccept(() => resolve(picker.selectedItems[0]));
      picker.onDidHide(() => resolve(undefined));
    });
    picker.show();
    const filled = order.map(async (provider) => {
      parts.set(provider, await modelItems(provider));
      picker.items = order.flatMap((id) => parts.get(id) ?? []);
      const active = picker.items.find(
        ({ act }) => act !== undefined && 'model' in act && act.model === current.model,
      );
      if (active !== undefined && picker.value === '') picker.activeItems = [active];
    });
    void Promise.allSettled(filled).then(() => {
      picker.busy = false;
    });
    const act = (await chosen)?.act;
    picker.dispose();
    if (act === undefined) return undefined;
    if ('model' in act) return act;
    if ('type' in act) return typeModel(act.type);
    const set = await setApiKey(act.setKey);
    return set === undefined ? undefined : pickModel(firstModel(set) ?? current);
  };

  const pickProvider = async (): Promise<ProviderId | undefined> => {
    const items = await Promise.all(
      providerIds.map(async (id) => {
        const source = await keys.source(id);
        const state = { stored: 'a key is set', environment: 'a key comes from the environment' };
        const description =
          source === undefined ? (descriptions[id].needsKey ? '' : 'optional') : state[source];
        return { label: descriptions[id].name, description, id };
      }),
    );
    const title = 'Whose API key?';
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a provider' }))?.id;
  };

  /** @returns why the server did not take it, or undefined when it did (or could not be reached to say) */
  const test = (provider: ProviderId, key: string): Thenable<string | undefined> =>
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Testing the key…', cancellable: true },
      async (_progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(listDeadline)]);
        try {
          await options.providerWithKey(provider, key).listModels(signal);
          return undefined;
        } catch (error) {
          options.logError(error);
          return error instanceof ProviderError && error.kind === 'auth' ? error.message : undefined;
        }
      },
    );

  const setApiKey = async (asked?: ProviderId): Promise<ProviderId | undefined> => {
    const provider = asked ?? (await pickProvider());
    if (provider === undefined) return undefined;
    const { name } = descriptions[provider];
    const key = await vscode.window.showInputBox({
      title: `${name} API key`,
      prompt: 'Kept in VS Code’s secret storage. Leave it empty to remove the stored key.',
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) return undefined;
    if (key.trim() === '') {
      await keys.remove(provider);
      vscode.window.showInformationMessage(`The stored ${name} API key was removed.`);
      return undefined;
    }
    const refusal = await test(provider, key.trim());
    if (refusal !== undefined) {
      const again = 'Try again';
      const choice = await vscode.window.showWarningMessage(
        `${name} did not accept this key: ${refusal} It was not kept.`,
        again,
        'Keep it anyway',
      );
      if (choice === again) return setApiKey(provider);
      if (choice === undefined) return undefined;
    }
    await keys.set(provider, key);
    vscode.window.showInformationMessage(`The ${name} API key is set.`);
    return provider;
  };

  return { hasKey, firstModel, defaultModel, pickModel, setApiKey };
};
