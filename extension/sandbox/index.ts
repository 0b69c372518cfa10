/** What makes a sandbox; a chunk of its own, since the client of the engine is large. */
export { createDockerSandbox } from './dockerSandbox.ts';
export { createEngineFinder } from './engineFinder.ts';
export { createFolderProbe } from './folderProbe.ts';
