import { providerContract } from './contract.ts';
import { anthropicWire } from './wires/anthropic.ts';

providerContract(anthropicWire);
