"""The deep click model: a convolution over recent items, re-ranking neighbours' candidates."""

from recommenders.algorithms.conv_ctr.algorithm import ConvCtr
from recommenders.algorithms.conv_ctr.config import ConvCtrConfig

__all__ = ["ConvCtr", "ConvCtrConfig"]
