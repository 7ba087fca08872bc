import { defineConfig } from 'tsup';
import { concPackage } from '../../tsup.base.ts';

export default defineConfig(concPackage('@conc/core'));
