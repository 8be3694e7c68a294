#!/usr/bin/env python3
"""The include check finds each kind of offence, and passes what is allowed."""

import pathlib
import tempfile
import unittest

import check_includes


class CheckIncludes(unittest.TestCase):
    def offences(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return list(check_includes.offences(root))

    def assert_one(self, name, text, *words, beside=None):
        found = self.offences({name: text, **(beside or {})})
        self.assertEqual(len(found), 1, found)
        for word in (name, *words):
            self.assertIn(word, found[0])

    def test_allows_each_folder_what_is_above_it(self):
        self.assertEqual([], self.offences({
            "kernels/a.hpp": '#pragma once\n#include <cmath>\n#include "kernels/core/jet.hpp"\n',
            "datasets/b.cpp": '#include <hdf5.h>\n#include <cvode/cvode.h>\n#include "kernels/a.hpp"\n',
            "surrogates/c.cpp": '#include "datasets/h5.hpp"\n#include "kernels/a.hpp"\n#include <Eigen/Dense>\n',
            "pinn/d.cpp": '#include <torch/library.h>\n#include "surrogates/c.hpp"\n#include "datasets/b.hpp"\n',
            "tests/pinn/f_test.cpp": '#include <ATen/ATen.h>\n#include "pinn/d.hpp"\n#include "bench/g.hpp"\n',
        }))

    def test_finds_an_include_against_the_direction(self):
        self.assert_one("kernels/a.cpp", '#include "datasets/b.hpp"\n', ":1:", "kernels may not include datasets/b.hpp")
        self.assert_one("datasets/a.cpp", '\n#include "surrogates/b.hpp"\n', ":2:", "datasets may not include")
        self.assert_one("surrogates/a.cpp", '#include "pinn/b.hpp"\n', "surrogates may not include pinn/b.hpp")
        self.assert_one("pinn/a.cpp", '#include "tests/b.hpp"\n', "pinn may not include tests/b.hpp")

    def test_finds_a_dataset_other_than_h5_in_surrogates(self):
        self.assert_one("surrogates/a.cpp", '#include "datasets/sampling.hpp"\n', "surrogates may not include")

    def test_finds_a_library_on_the_wrong_side(self):
        self.assert_one("surrogates/a.cpp", "#include <torch/torch.h>\n", "LibTorch")
        self.assert_one("kernels/a.cpp", "#  include <ATen/ATen.h>\n", "LibTorch")
        self.assert_one("kernels/a.cpp", "#include <hdf5.h>\n", "HDF5")
        self.assert_one("pinn/a.cpp", "#include <sunlinsol/sunlinsol_band.h>\n", "SUNDIALS")
        self.assert_one("kernels/a.cpp", "#include <Eigen/Dense>\n", "Eigen")

    def test_finds_torch_in_a_cuda_source(self):
        self.assert_one("pinn/a.cu", "#include <c10/cuda/CUDAStream.h>\n", "a CUDA source may not include LibTorch")

    def test_finds_a_header_without_pragma_once(self):
        self.assert_one("kernels/a.hpp", "#ifndef A\n#endif\n", "#pragma once")

    def test_finds_a_path_not_written_from_the_root(self):
        self.assert_one("kernels/a.cpp", '#include "b.hpp"\n', "from the repository root",
                        beside={"kernels/b.hpp": "#pragma once\n"})
        self.assert_one("kernels/a.cpp", '#include "../kernels/b.hpp"\n', "from the repository root")
        self.assert_one("kernels/a.cpp", "#include <kernels/b.hpp>\n", "in quotes")


if __name__ == "__main__":
    unittest.main()
