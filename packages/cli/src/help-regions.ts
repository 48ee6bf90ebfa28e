/** `police help regions`. */
export const REGIONS_HELP = `Region files: where a model is to be affine

A file holds one region, an array of them, or {"regions": […]}; each region has a map y = A x + b of its own. Coordinates are the
entries of the model's input for one sample, row-major, in the numbers the model is given (after your own scaling). -r may be given
several times.

Examples:

  1. Every input within bounds, one per coordinate:
     {"kind": "box", "lower": [-1, 0], "upper": [1, 0.5]}

  2. All points within a distance of one:
     {"kind": "ball", "centre": [0.2, 0.7], "radius": 0.1}

  3. The triangle, or any convex hull, of a few points:
     {"kind": "vPolytope", "vertices": [[0, 0], [1, 0], [0, 1]]}

  4. What inequalities leave, A x ≤ b:
     {"kind": "hPolytope", "A": [[1, 1], [-1, 0], [0, -1]], "b": [1, 0, 0]}

  5. An ellipsoid, centre + the image of a unit ball, one axis in each row:
     {"kind": "ellipsoid", "centre": [0, 0], "axes": [[2, 0], [0, 0.5]]}

  6. Two regions, each affine by itself:
     [{"kind": "box", "lower": [-2, -2], "upper": [-1, -1]}, {"kind": "box", "lower": [1, 1], "upper": [2, 2]}]

A VNN-LIB property (.vnnlib) is a region file, too: bounds become boxes, other linear constraints H-polytopes, an "or" several regions.
All kinds and their fields: the JSON schema @police/core/region.schema.json.

Next: police enforce model.onnx --region box.json -o affine.onnx
`;
