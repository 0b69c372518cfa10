/** Images come only after a click of the person's: fetched, or made on this computer from a public one. */
import * as vscode from 'vscode';
import { reasonOf } from '../core/reasonOf.ts';
import { type ImageProgress, type ImageRecipe, type Sandbox, SandboxError } from '../core/sandbox.ts';
import { cancellable } from './progressTask.ts';
import { visible } from './skillWords.ts';
import { count, withoutLinks } from './words.ts';

export interface ImageConsent {
  /** Asks, and does not wait. @param neededBy `the skill charts` */
  imageMissing(image: string, neededBy: string): void;
  /** After the person's click. Failures are told. @returns whether it is there now */
  get(image: string): Promise<boolean>;
}

/** Megabytes that are fetched, for a person who waits or pays for them; as of 2026. */
const fetchedMegabytes: Readonly<Record<string, number>> = {
  'debian:bookworm-slim': 30,
  'python:3.12-slim': 45,
  'node:22-slim': 80,
};

/** What getting it means. Pure. */
export const imageText = (image: string, recipe: ImageRecipe | undefined): string => {
  if (recipe !== undefined) {
    return `made on this computer from ${recipe.base} with ${count(recipe.packages.length, 'package')} of its distribution, which takes some minutes`;
  }
  const megabytes = fetchedMegabytes[image];
  return megabytes === undefined
    ? 'fetched from its registry; how large it is, is not known'
    : `about ${megabytes} MB to fetch`;
};

export const createImageConsent = (ports: {
  readonly sandbox: Pick<Sandbox, 'pull' | 'build'>;
  recipes(): readonly ImageRecipe[];
  logError(error: unknown): void;
}): ImageConsent => {
  const { sandbox } = ports;
  /** Images that are asked about now. */
  const asked = new Set<string>();
  const getting = new Map<string, Promise<boolean>>();

  const recipeOf = (image: string): ImageRecipe | undefined =>
    ports.recipes().find(({ name }) => name === image);

  const fetch = async (image: string): Promise<boolean> => {
    const recipe = recipeOf(image);
    const title = `${recipe === undefined ? 'Getting' : 'Making'} the image ${visible(image)}`;
    const done = await cancellable(title, async (report, signal) => {
      const onProgress = ({ text, part }: ImageProgress): void => report(visible(text), part);
      await (recipe === undefined
        ? sandbox.pull(image, onProgress, signal)
        : sandbox.build(recipe, onProgress, signal));
      return true;
    });
    if (done !== true) return false;
    vscode.window.showInformationMessage(`The image ${visible(image)} is here. What needed it can run now.`);
    return true;
  };

  /** Not waited for: it stays until the person looks at it. */
  const tell = async (image: string, error: unknown): Promise<void> => {
    ports.logError(error);
    // What else it may be is not made for people.
    const reason =
      error instanceof SandboxError
        ? error.message
        : `The image ${image} could not be had. ${reasonOf(error)}`;
    const answer = await vscode.window.showErrorMessage(
      withoutLinks(visible(reason)),
      'Try Again',
      'Check Sandbox',
    );
    if (answer === 'Try Again') await get(image);
    if (answer === 'Check Sandbox') await vscode.commands.executeCommand('anycowork.checkSandbox');
  };

  const get = (image: string): Promise<boolean> => {
    const running = getting.get(image);
    if (running !== undefined) return running;
    const started = fetch(image)
      .catch((error: unknown) => {
        tell(image, error).catch(ports.logError);
        return false;
      })
      .finally(() => getting.delete(image));
    getting.set(image, started);
    return started;
  };

  const ask = async (image: string, neededBy: string): Promise<void> => {
    const who = `${neededBy.slice(0, 1).toUpperCase()}${neededBy.slice(1)}`;
    const message = `${who} needs the image ${image}, which is not on this computer (${imageText(image, recipeOf(image))}).`;
    const button = 'Get Image';
    const answer = await vscode.window.showWarningMessage(withoutLinks(visible(message)), button, 'Not Now');
    if (answer === button) await get(image);
  };

  return {
    imageMissing: (image, neededBy) => {
      if (asked.has(image) || getting.has(image)) return;
      asked.add(image);
      ask(image, neededBy)
        .catch(ports.logError)
        .finally(() => asked.delete(image));
    },
    get,
  };
};
