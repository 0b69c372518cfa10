/** Commands about the sandbox: what there is of it, and its images. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Agents } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { ImageRecipe, Sandbox } from '../core/sandbox.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import { parse } from './commandInput.ts';
import { type ImageConsent, imageText } from './imageConsent.ts';
import { cancellable } from './progressTask.ts';
import { neededImages, type SandboxFacts, sandboxReport } from './sandboxReport.ts';
import type { SkillDocuments } from './skillDocuments.ts';
import { visible } from './skillWords.ts';
import { count, withoutIcons, withoutLinks } from './words.ts';

/** As engines call images; never an option. */
const imageSchema = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/);

interface ImageItem extends vscode.QuickPickItem {
  readonly image?: string;
}

export const createSandboxCommands = (ports: {
  readonly sandbox: Pick<Sandbox, 'state' | 'hasImage' | 'reap'>;
  readonly images: ImageConsent;
  recipes(): readonly ImageRecipe[];
  readonly catalog: Pick<SkillCatalog, 'list'>;
  readonly agents: Pick<Agents, 'list'>;
  readonly documents: SkillDocuments;
  /** Of the setting; empty: none. */
  commandImage(): string;
  /** The open folders, with their real paths. */
  roots(): Promise<readonly WorkspaceRoot[]>;
  isTrusted(): boolean;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { sandbox, images, documents } = ports;

  /** What cannot be asked is not known. */
  const orUnknown = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked;
    } catch (error) {
      ports.logError(error);
      return undefined;
    }
  };

  const gather = async (): Promise<SandboxFacts> => {
    const [root] = await ports.roots();
    const [state, agents, skills] = await Promise.all([
      sandbox.state(root?.path),
      ports.agents.list(),
      ports.catalog.list(),
    ]);
    // An engine that does not see the folder has images all the same.
    const isThere =
      state.kind === 'ready' || state.problem === 'folderUnseen' || state.problem === 'virtualWorkspace';
    const commandImage = ports.commandImage();
    const [found, reaped] = await Promise.all([
      Promise.all(
        neededImages(skills, commandImage, ports.recipes()).map(async (image) => ({
          ...image,
          isPresent: isThere ? await orUnknown(sandbox.hasImage(image.name)) : undefined,
        })),
      ),
      state.kind === 'ready' ? orUnknown(sandbox.reap()) : undefined,
    ]);
    return {
      at: ports.now(),
      state,
      ...(root === undefined ? {} : { folder: root.path }),
      isTrusted: ports.isTrusted(),
      agents,
      skills,
      images: found,
      commandImage,
      ...(reaped === undefined ? {} : { reaped }),
    };
  };

  /** Not waited for. */
  const offer = async ({ state, images: all }: SandboxFacts): Promise<void> => {
    if (state.kind === 'unavailable') {
      const message = withoutLinks(visible(state.message));
      const answer = await vscode.window.showWarningMessage(message, 'Open Settings', 'Check Again');
      if (answer === 'Open Settings')
        await vscode.commands.executeCommand('workbench.action.openSettings', 'anycowork.sandbox');
      if (answer === 'Check Again') await checkSandbox();
      return;
    }
    const missing = all.filter(({ isPresent }) => isPresent === false);
    if (missing.length === 0) {
      vscode.window.showInformationMessage('The sandbox is ready, and its images are here.');
      return;
    }
    const message = `The sandbox is ready. ${count(missing.length, 'image is', 'images are')} missing; the report says which.`;
    if ((await vscode.window.showInformationMessage(message, 'Get Image…')) === 'Get Image…')
      await getImage();
  };

  const tell = (error: unknown): void => {
    vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
  };

  /** An engine may be slow to answer, or not do it: nobody has to wait for it. @returns undefined when it was cancelled */
  const gatherShown = (title: string): Promise<SandboxFacts | undefined> =>
    cancellable(title, (_report, signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason));
      return Promise.race([gather(), promise]);
    });

  /** @returns what the report says, as data; undefined when the person cancelled it */
  const checkSandbox = async (): Promise<SandboxFacts | undefined> => {
    const facts = await gatherShown('Checking the sandbox');
    if (facts === undefined) return undefined;
    await documents.show('AnyCowork sandbox', { text: sandboxReport(facts), links: [] });
    offer(facts).catch(tell);
    return facts;
  };

  const pickImage = async (): Promise<string | undefined> => {
    const facts = await gatherShown('Looking which images are here');
    if (facts === undefined) return undefined;
    const all = facts.images;
    const separator = (label: string): ImageItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
    const item = ({ name, neededBy, recipe, isPresent }: SandboxFacts['images'][number]): ImageItem => ({
      label: withoutIcons(visible(name)),
      description: isPresent === true ? 'here' : imageText(name, recipe),
      detail: `For: ${visible(neededBy.slice(0, 8).join(', '))}`,
      image: name,
    });
    const missing = all.filter(({ isPresent }) => isPresent !== true).map(item);
    const present = all.filter(({ isPresent }) => isPresent === true).map(item);
    const other: ImageItem = { label: '$(edit) Another image…' };
    const items = [
      ...missing,
      ...(present.length === 0 ? [] : [separator('Here; get it anew')]),
      ...present,
      separator('Other'),
      other,
    ];
    const options = {
      title: 'Get an image',
      placeHolder: 'Images that programs run in',
      matchOnDetail: true,
    };
    const picked = await vscode.window.showQuickPick(items, options);
    if (picked !== other) return picked?.image;
    const typed = await vscode.window.showInputBox({
      title: 'Get an image',
      prompt: 'Its name with a tag or digest, such as python:3.12-slim',
      validateInput: (value) =>
        imageSchema.safeParse(value.trim()).success
          ? undefined
          : 'Type the name of an image, such as python:3.12-slim.',
    });
    return typed === undefined ? undefined : parse(imageSchema, typed.trim());
  };

  /** By code with a name, which is asked about first. @returns whether it is here now */
  const getImage = async (given?: unknown): Promise<boolean> => {
    if (given === undefined || given === null) {
      const picked = await pickImage();
      return picked === undefined ? false : images.get(picked);
    }
    const image = parse(imageSchema, given);
    const recipe = ports.recipes().find(({ name }) => name === image);
    const button = 'Get Image';
    const answer = await vscode.window.showInformationMessage(
      `Get the image ${image}?`,
      { modal: true, detail: `It is ${imageText(image, recipe)}.` },
      button,
    );
    return answer === button ? images.get(image) : false;
  };

  return { checkSandbox, getImage };
};
