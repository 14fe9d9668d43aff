"""Raman spectra: counts to bands. Knows arrays and types; no files, no store, no plots.

Order of use:
1. `noise`      uncertainty of a point, saturation of the detector;
2. `calibrate`  shift axis from silicon and neon;
3. `despike`    cosmic rays, without eating lines;
4. `grid`, `baseline`, `arpls`   baseline on a uniform grid, other baselines for the systematic uncertainty;
5. `reduce`     all of that: the stage;
6. `bose`       Bose and laser-frequency factors: the stage transform;
7. `bands`, `regions`, `maps`    line fits, model-free numbers, tables of all spectra;
8. `measure`    the stage.
"""
