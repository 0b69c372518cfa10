import { providerContract } from './contract.ts';
import { openaiCompatibleWire } from './wires/openaiCompatible.ts';

providerContract(openaiCompatibleWire);
