"""Unpacks from pyarrow's wheel only what a C++ program that reads Parquet needs (75 MB).

usage: unpack_arrow.py TARGET WHEEL
"""

import sys

from unpack_libtorch import LICENSES, unpack

KEEP = [LICENSES, r"pyarrow/include/(arrow|parquet)/.*", r"pyarrow/lib(arrow|parquet)\.so\.\d+"]


def main():
    target, wheel = sys.argv[1:]
    unpack(wheel, target, KEEP)


if __name__ == "__main__":
    main()
