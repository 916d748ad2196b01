r"""Formulas of backpropagation, each with a wrong twin.

The right one must hold; the wrong one must be judged false or be an error,
never hold. Between the two stands one mistake that a book could print.
"""

from __future__ import annotations

import numpy as np
import pytest
from latex_scope import Bench, shown

DEFINITIONS = (
    "x = 2",
    "y = 3",
    "w = 4",
    r"\mathcal{L} = ((x + y) w)^2",
    r"\eta = 0.1",
    r"\beta = 0.9",
    r"\beta_1 = 0.9",
    r"\beta_2 = 0.999",
    r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    r"\phi(z) = \tanh z",
    r"r(z) = \max(0, z)",
    r"q(z) = \begin{cases} z^2 & \text{if } z > 1 \\ 2 z - 1 &"
    r" \text{otherwise} \end{cases}",
    "m_0 = 0",
    r"m_t = \beta m_{t-1} + 1",
    "a_0 = 0",
    r"a_t = \beta_1 a_{t-1} + (1 - \beta_1) 5",
    r"\hat a_t = \frac{a_t}{1 - \beta_1^t}",
    r"h^{(0)} = X",
    r"z^{(\ell)} = W^{(\ell)} h^{(\ell-1)} + b^{(\ell)}",
    r"h^{(\ell)} = \phi(z^{(\ell)})",
    r"J = \frac12 \lVert h^{(2)} - T \rVert^2",
    r"\delta^{(2)} = (h^{(2)} - T) \odot \phi'(z^{(2)})",
    r"\delta^{(1)} = (W^{(2)\top} \delta^{(2)}) \odot \phi'(z^{(1)})",
    r"p_i = \frac{e^{s_i}}{\sum_{k=1}^{3} e^{s_k}}",
    r"C = -\sum_{i=1}^{3} \tau_i \log p_i",
    r"\mu = \frac1n \sum_{i=1}^{n} v_i",
    r"\nu = \frac1n \sum_{i=1}^{n} (v_i - \mu)^2",
    r"\hat v_i = \frac{v_i - \mu}{\sqrt{\nu + \epsilon}}",
    r"N = \sum_{i=1}^{n} g_i \hat v_i",
)


@pytest.fixture(scope="module")
def bench() -> Bench:
    rng = np.random.default_rng(7)
    made = Bench(
        W=[None, rng.normal(size=(4, 3)), rng.normal(size=(2, 4))],
        b=[None, rng.normal(size=4), rng.normal(size=2)],
        X=rng.normal(size=3),
        T=rng.normal(size=2),
        A=rng.normal(size=(3, 4)),
        B=rng.normal(size=(4, 2)),
        S=rng.normal(size=(3, 3)),
        u=rng.normal(size=3),
        v=rng.normal(size=3),
        c=rng.normal(size=4),
        s=rng.normal(size=3),
        t=np.array([0.0, 1.0, 0.0]),
        data=rng.normal(size=5),
        g=rng.normal(size=5),
        law={1: 0.25, 2: 0.25, 4: 0.5},
    )
    made.table(
        [
            (r"W^{(\ell)}", "W[ell]"),
            (r"b^{(\ell)}", "b[ell]"),
            ("X", "X"),
            ("T", "T"),
            ("A", "A"),
            ("B", "B"),
            ("S", "S"),
            ("u", "u"),
            (r"\omega", "v"),
            ("c", "c"),
            ("s", "s"),
            (r"\tau", "t"),
            ("v", "data"),
            ("g", "g"),
            ("n", "5"),
            (r"\epsilon", "1e-3"),
            (r"\rho", "law"),
            ("L", "2"),
        ]
    )
    return made.let(*DEFINITIONS)


ARITHMETIC = [
    ("x + y = 5", "x + y = 6"),
    (r"2 \cdot 3 + 4 = 10", r"2 \cdot (3 + 4) = 10"),
    ("-x^2 = -4", "-x^2 = 4"),
    ("(-x)^2 = 4", "(-x)^2 = -4"),
    ("0.1 + 0.2 = 0.3", "0.1 + 0.2 = 0.3000000001"),
    (r"\frac13 + \frac16 = \frac12", r"\frac13 + \frac16 = \frac13"),
    (r"\frac{x + y}{w} = 1.25", r"x + \frac{y}{w} = 1.25"),
    (r"1/(1 - \beta) = 10", r"1/(1 - \beta) = 9"),
    (r"x/y \cdot y = 2", r"x/(y \cdot y) = 2"),
    (r"2 x y = 12", r"2 x + y = 12"),
    (r"x (y + w) = 14", r"x y + w = 14"),
    (r"\sqrt{w} = 2", r"\sqrt{w} = 4"),
    (r"\sqrt[3]{8} = 2", r"\sqrt[2]{8} = 2"),
    ("4! = 24", "4! = 4"),
    (r"\binom{5}{2} = 10", r"\binom{5}{3} = 5"),
    (r"2^{10} = 1024", r"2^{10} = 1000"),
    (r"0.25^{30} < 10^{-18}", r"0.25^{30} = 0"),
    (r"\beta^{22} \approx 0.0985", r"\beta^{22} \approx 0.0984"),
    (r"e^{-1} \approx 0.368", r"e^{-1} \approx 0.367"),
    (r"\pi \approx 3.14", r"\pi \approx 3.15"),
    (r"1{,}000 = 10^3", r"1{,}000 = 10^4"),
    (r"97\% = 0.97", r"97\% = 97"),
    (r"\lvert x - y \rvert = 1", r"\lvert x - y \rvert = -1"),
    (r"|x - w| = 2", r"x - w = 2"),
    (r"\lfloor 2.5 \rfloor = 2", r"\lceil 2.5 \rceil = 2"),
    (r"\max(x, y) = 3", r"\min(x, y) = 3"),
    (r"\max\{x, y, w\} = 4", r"\max\{x, y\} = 4"),
    (r"\log e^2 = 2", r"\log e^2 = 3"),
    (r"\ln(x y) = \ln x + \ln y", r"\ln(x + y) = \ln x + \ln y"),
    (r"\log_2 8 = 3", r"\log_2 8 = 4"),
    (r"\sin^2 x + \cos^2 x = 1", r"\sin^2 x - \cos^2 x = 1"),
    (r"\tanh(-x) = -\tanh x", r"\tanh(-x) = \tanh x"),
    (r"x < y < w", r"x < w < y"),
    (r"x \ne y", r"x \ne 2"),
    (r"x \ll 20", r"x \ll 19"),
    (r"3.8 \times 10^{-6} \approx 0.0000038", r"3.8 \times 10^{-6} = 0.000038"),
    (r"4230 \approx 4.2 \times 10^3", r"4230 \approx 4.3 \times 10^3"),
    (r"17 \bmod 5 = 2", r"17 \bmod 5 = 3"),
    (r"x = 2, \quad y = 3", r"x = 2, \quad y = 4"),
    (r"x \in \{1, 2\}", r"x \in \{1, 3\}"),
]

SUMS = [
    (r"\sum_{k=1}^{4} k = 10", r"\sum_{k=0}^{3} k = 10"),
    (r"\sum_{k=1}^{4} k^2 = 30", r"\sum_{k=1}^{4} k = 30"),
    (r"\prod_{k=1}^{4} k = 24", r"\sum_{k=1}^{4} k = 24"),
    (r"\sum_{k \in \{1, 2, 4\}} k = 7", r"\sum_{k \in \{1, 2, 3\}} k = 7"),
    (r"\sum_{k=1}^{3} k + 1 = 7", r"\sum_{k=1}^{3} (k + 1) = 7"),
    (r"\sum_{k=1}^{3} 2 k = 12", r"\sum_{k=1}^{3} 2 + k = 12"),
    (
        r"\sum_{i=1}^{2} \sum_{j=1}^{3} i j = 18",
        r"\sum_{i=1}^{3} \sum_{j=1}^{3} i j = 18",
    ),
    (
        r"\sum_{k=0}^{9} \beta^k = \frac{1 - \beta^{10}}{1 - \beta}",
        r"\sum_{k=1}^{10} \beta^k = \frac{1 - \beta^{10}}{1 - \beta}",
    ),
    (r"\sum_j u_j \omega_j = u^\top \omega", r"\sum_j u_j u_j = u^\top \omega"),
    (r"(A c)_2 = \sum_j A_{2j} c_j", r"(A c)_2 = \sum_j A_{1j} c_j"),
    (
        r"(A c)_1 = \sum_{j=1}^{4} A_{1,j} c_j",
        r"(A c)_1 = \sum_{j=1}^{3} A_{1,j} c_j",
    ),
    (r"(A^\top u)_3 = \sum_i A_{i3} u_i", r"(A^\top u)_3 = \sum_i A_{i2} u_i"),
    (r"\max_i u_i \ge u_1", r"\min_i u_i > u_1"),
    (r"\sum_{i \ne 2} u_i = u_1 + u_3", r"\sum_{i \ne 1} u_i = u_1 + u_3"),
    (
        r"\mathbb{E}_{k \sim \rho}[k] = 2.75",
        r"\mathbb{E}_{k \sim \rho}[k] = 2.5",
    ),
    (
        r"\operatorname{Var}_{k \sim \rho}[k] = "
        r"\mathbb{E}_{k \sim \rho}[k^2] - "
        r"\mathbb{E}_{k \sim \rho}[k]^2",
        r"\operatorname{Var}_{k \sim \rho}[k] = "
        r"\mathbb{E}_{k \sim \rho}[k^2] + "
        r"\mathbb{E}_{k \sim \rho}[k]^2",
    ),
    (r"\operatorname{mean}(v) = \mu", r"\operatorname{mean}(v) = \nu"),
    (r"\operatorname{Var}(v) = \nu", r"\operatorname{Var}(v) = \mu"),
]

ARRAYS = [
    (r"(A B)^\top = B^\top A^\top", r"(A B)^\top = A^\top B^\top"),
    (r"u^\top \omega = \omega^\top u", r"u \omega = \omega^\top u"),
    (
        r"(u \omega^\top) s = u (\omega^\top s)",
        r"(u \omega^\top) s = \omega (u^\top s)",
    ),
    (
        r"(u \omega^\top)_{1,2} = u_1 \omega_2",
        r"(u \omega^\top)_{1,2} = u_2 \omega_1",
    ),
    (
        r"u \odot \omega = \operatorname{diag}(u) \omega",
        r"u^\top \omega = \operatorname{diag}(u) \omega",
    ),
    (r"(u \odot \omega) \oslash \omega = u", r"(u \odot \omega) \oslash u = u"),
    (
        r"\operatorname{tr}(u \omega^\top) = \omega^\top u",
        r"\operatorname{tr}(u \omega^\top) = u^\top u",
    ),
    (r"S^{-1} S = I_3", r"S^{-1} S = I_4"),
    (r"S^{-\top} S^\top = I_3", r"S^{-\top} S = I_3"),
    (r"S^2 = S S", r"S^{\odot 2} = S S"),
    (r"u^{\odot 2} = u \odot u", r"u^{\odot 3} = u \odot u"),
    (r"\lVert u \rVert^2 = u^\top u", r"\lVert u \rVert = u^\top u"),
    (r"\lVert u \rVert_1 = \sum_i |u_i|", r"\lVert u \rVert_2 = \sum_i |u_i|"),
    (
        r"\lVert u \rVert_\infty = \max_i |u_i|",
        r"\lVert u \rVert_\infty = \min_i |u_i|",
    ),
    (
        r"\lVert A \rVert_F^2 = \operatorname{tr}(A^\top A)",
        r"\lVert A \rVert_2^2 = \operatorname{tr}(A^\top A)",
    ),
    (
        r"\lVert A c \rVert \le \lVert A \rVert_2 \lVert c \rVert",
        r"\lVert A c \rVert > \lVert A \rVert_2 \lVert c \rVert",
    ),
    (
        r"\langle u, \omega \rangle = u^\top \omega",
        r"\langle u, u \rangle = u^\top \omega",
    ),
    (r"A \in \R^{3 \times 4}", r"A \in \R^{4 \times 3}"),
    (r"u \in \R^3", r"u \in \R^4"),
    (
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"
        r"\begin{pmatrix} 1 \\ 1 \end{pmatrix} = \begin{pmatrix} 3 \\ 7"
        r"\end{pmatrix}",
        r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}"
        r"\begin{pmatrix} 1 \\ 1 \end{pmatrix} = \begin{pmatrix} 3 \\ 7"
        r"\end{pmatrix}",
    ),
    (r"\mathbf{1}_3^\top u = \sum_i u_i", r"\mathbf{1}_4^\top u = \sum_i u_i"),
    (r"u + \omega - \omega = u", r"u + \omega^\top - \omega = u"),
    (
        r"u^\top S u = \sum_i \sum_j u_i S_{ij} u_j",
        r"u^\top S \omega = \sum_i \sum_j u_i S_{ij} u_j",
    ),
]

FUNCTIONS = [
    (r"\sigma(0) = \frac12", r"\sigma(0) = 0"),
    (r"\sigma(-x) = 1 - \sigma(x)", r"\sigma(-x) = -\sigma(x)"),
    (
        r"\sigma'(x) = \sigma(x) (1 - \sigma(x))",
        r"\sigma'(x) = \sigma(x) (1 + \sigma(x))",
    ),
    (r"\sigma'(0) = \frac14", r"\sigma'(0) = \frac12"),
    (r"\phi'(x) = 1 - \phi(x)^2", r"\phi'(x) = 1 - \phi(x)"),
    (r"\tanh'(x) = 1 - \tanh^2 x", r"\tanh'(x) = 1 + \tanh^2 x"),
    (
        r"\sigma''(x) = \sigma'(x) (1 - 2 \sigma(x))",
        r"\sigma''(x) = \sigma'(x) (1 - \sigma(x))",
    ),
    (r"r(-x) = 0", r"r(x) = 0"),
    (r"r'(x) = 1", r"r'(-x) = 1"),
    (r"r(u)_1 = \max(0, u_1)", r"r(u)_1 = \min(0, u_1)"),
    (r"\sigma(u)_2 = \sigma(u_2)", r"\sigma(u)_2 = \sigma(u_1)"),
    (r"q(3) = 9", r"q(3) = 5"),
    (r"q(0) = -1", r"q(0) = 0"),
    (r"q'(3) = 6", r"q'(3) = 2"),
    (r"\mathbf{1}[x > 1] = 1", r"\mathbf{1}[x > 2] = 1"),
    (r"\operatorname{sign}(-x) = -1", r"\operatorname{sign}(x) = -1"),
]

NETWORK = [
    (
        r"\delta^{(\ell)} = \frac{\partial J}{\partial z^{(\ell)}}, \quad"
        r" \ell = 1, \dots, L",
        r"\delta^{(\ell)} = \frac{\partial J}{\partial h^{(\ell)}}, \quad"
        r" \ell = 1, \dots, L",
    ),
    (
        r"\frac{\partial J}{\partial W^{(\ell)}} = \delta^{(\ell)}"
        r" h^{(\ell-1)\top}, \quad \ell = 1, 2",
        r"\frac{\partial J}{\partial W^{(\ell)}} = h^{(\ell-1)}"
        r" \delta^{(\ell)\top}, \quad \ell = 1, 2",
    ),
    (
        r"\frac{\partial J}{\partial b^{(1)}} = \delta^{(1)}",
        r"\frac{\partial J}{\partial b^{(1)}} = -\delta^{(1)}",
    ),
    (
        r"\nabla_{W^{(2)}} J = \delta^{(2)} h^{(1)\top}",
        r"\nabla_{W^{(2)}} J = \delta^{(2)} h^{(2)\top}",
    ),
    (
        r"\frac{\partial J}{\partial X} = W^{(1)\top} \delta^{(1)}",
        r"\frac{\partial J}{\partial X} = W^{(1)} \delta^{(1)}",
    ),
    (
        r"\frac{\partial J}{\partial h^{(1)}} = W^{(2)\top} \delta^{(2)}",
        r"\frac{\partial J}{\partial h^{(1)}} = W^{(2)\top} \delta^{(1)}",
    ),
    (
        r"\frac{\partial h^{(2)}}{\partial h^{(1)}} ="
        r" \operatorname{diag}(\phi'(z^{(2)})) W^{(2)}",
        r"\frac{\partial h^{(2)}}{\partial h^{(1)}} ="
        r" \operatorname{diag}(\phi'(h^{(2)})) W^{(2)}",
    ),
    (
        r"\frac{\partial z^{(2)}}{\partial h^{(1)}} = W^{(2)}",
        r"\frac{\partial z^{(2)}}{\partial h^{(1)}} = W^{(2)\top}",
    ),
    (
        r"\frac{\partial J}{\partial W^{(1)}_{2,3}} = \delta^{(1)}_2 h^{(0)}_3",
        r"\frac{\partial J}{\partial W^{(1)}_{2,3}} = \delta^{(1)}_3 h^{(0)}_2",
    ),
    (
        r"\frac{\partial h^{(2)}_1}{\partial W^{(2)}_{1,4}} ="
        r" \phi'(z^{(2)}_1) h^{(1)}_4",
        r"\frac{\partial h^{(2)}_1}{\partial W^{(2)}_{1,4}} ="
        r" \phi'(z^{(2)}_1) h^{(1)}_3",
    ),
    (
        r"\frac{\partial J}{\partial h^{(2)}} = h^{(2)} - T",
        r"\frac{\partial J}{\partial h^{(2)}} = 2 (h^{(2)} - T)",
    ),
]

SOFTMAX = [
    (r"\sum_i p_i = 1", r"\sum_i p_i^2 = 1"),
    (
        r"\frac{\partial p_1}{\partial s_1} = p_1 (1 - p_1)",
        r"\frac{\partial p_1}{\partial s_1} = p_1 (1 + p_1)",
    ),
    (
        r"\frac{\partial p_1}{\partial s_2} = -p_1 p_2",
        r"\frac{\partial p_1}{\partial s_2} = p_1 p_2",
    ),
    (
        r"\frac{\partial p_i}{\partial s_j} = p_i (\mathbf{1}[i = j] - p_j),"
        r" \quad i, j = 1, \dots, 3",
        r"\frac{\partial p_i}{\partial s_j} = p_i (\mathbf{1}[i = j] - p_i),"
        r" \quad i, j = 1, \dots, 3",
    ),
    (
        r"\frac{\partial C}{\partial s_i} = p_i - \tau_i, "
        r"\quad i = 1, \dots, 3",
        r"\frac{\partial C}{\partial s_i} = \tau_i - p_i, "
        r"\quad i = 1, \dots, 3",
    ),
    (r"C = -\log p_2", r"C = -\log p_1"),
    (
        r"\sum_i \frac{\partial p_i}{\partial s_1} = 0",
        r"\sum_i \frac{\partial p_i}{\partial s_1} = p_1",
    ),
]

OPTIMIZERS = [
    (r"m_3 = 2.71", r"m_3 = 2.61"),
    (
        r"m_t = \frac{1 - \beta^t}{1 - \beta}, \quad t = 1, \dots, 12",
        r"m_t = \frac{1 - \beta^{t-1}}{1 - \beta}, \quad t = 1, \dots, 12",
    ),
    (r"\hat a_t = 5, \quad t = 1, \dots, 5", r"a_t = 5, \quad t = 1, \dots, 5"),
    (r"1 - \beta_1^{10} \approx 0.651", r"1 - \beta_2^{10} \approx 0.651"),
    (r"m_{200} \approx 10.00", r"m_{20} \approx 10.00"),
    (r"\frac{0.1}{1 - \beta} = 1", r"\frac{0.1}{1 + \beta} = 1"),
    (
        r"\frac{m_t}{m_{t-1}} > 1, \quad t = 2, \dots, 9",
        r"\frac{m_t}{m_{t-1}} < 1, \quad t = 2, \dots, 9",
    ),
]

NORMALISATION = [
    (
        r"\sum_{i=1}^{n} \frac{\partial N}{\partial v_i} = 0",
        r"\sum_{i=1}^{n} \frac{\partial N}{\partial v_i} = 1",
    ),
    (
        r"\frac{\partial \mu}{\partial v_2} = \frac1n",
        r"\frac{\partial \mu}{\partial v_2} = 1",
    ),
    (
        r"\frac{\partial \nu}{\partial v_2} = \frac2n (v_2 - \mu)",
        r"\frac{\partial \nu}{\partial v_2} = 2 (v_2 - \mu)",
    ),
    (
        r"\frac{\partial N}{\partial v_j} = \frac{1}{n \sqrt{\nu + \epsilon}}"
        r" (n g_j - \sum_i g_i - \hat v_j \sum_{i=1}^{n} g_i \hat v_i),"
        r" \quad j = 1, \dots, n",
        r"\frac{\partial N}{\partial v_j} = \frac{1}{n \sqrt{\nu + \epsilon}}"
        r" (n g_j - \sum_i g_i), \quad j = 1, \dots, n",
    ),
    (
        r"\frac{\partial^{+} \nu}{\partial \mu} = 0",
        r"\frac{\partial^{+} \nu}{\partial \mu} = 1",
    ),
    (
        r"\frac{\partial \hat v_1}{\partial v_2} \ne"
        r" \frac{\partial^{+} \hat v_1}{\partial \mu}",
        r"\frac{\partial \hat v_1}{\partial v_2} ="
        r" \frac{\partial^{+} \hat v_1}{\partial \mu}",
    ),
]

DERIVATIVES = [
    (
        r"\frac{\partial \mathcal{L}}{\partial w} = 200",
        r"\frac{\partial \mathcal{L}}{\partial w} = 100",
    ),
    (
        r"\partial \mathcal{L}/\partial w = 40 \cdot 5 = 200",
        r"\partial \mathcal{L}/\partial w = 40 \cdot 5 = 250",
    ),
    (
        r"\frac{\partial \mathcal{L}}{\partial x} = 2 w^2 (x + y) = 160",
        r"\frac{\partial \mathcal{L}}{\partial x} = w^2 (x + y) = 160",
    ),
    (
        r"\frac{\mathrm{d} \mathcal{L}}{\mathrm{d} y} = 160",
        r"\frac{\mathrm{d} \mathcal{L}}{\mathrm{d} y} = 200",
    ),
    (
        r"\mathrm{d} \mathcal{L}/\mathrm{d} y = 160",
        r"\mathrm{d} \mathcal{L}/\mathrm{d} y = 161",
    ),
    (r"\frac{d \mathcal{L}}{d y} = 160", r"\frac{d \mathcal{L}}{d y} = 16"),
    (
        r"\frac{\partial^2 \mathcal{L}}{\partial w^2} = 50",
        r"\frac{\partial^2 \mathcal{L}}{\partial w^2} = 200",
    ),
    (
        r"\frac{\partial^2 \mathcal{L}}{\partial x \partial w} = 80",
        r"\frac{\partial^2 \mathcal{L}}{\partial x \partial x} = 80",
    ),
    (
        r"\frac{\partial}{\partial x} x^3 = 12",
        r"\frac{\partial}{\partial x} x^3 = 8",
    ),
    (
        r"\frac{\partial}{\partial x} (x^2 + y) = 4",
        r"\frac{\partial}{\partial x} (x^2 + y) = 5",
    ),
    (
        r"\left. \frac{\partial \mathcal{L}}{\partial w} \right|_{w=1} = 50",
        r"\left. \frac{\partial \mathcal{L}}{\partial w} \right|_{w=2} = 50",
    ),
    (
        r"\left. \mathcal{L} \right|_{x=0, y=1} = 16",
        r"\left. \mathcal{L} \right|_{x=1, y=0} = 15",
    ),
    (
        r"\nabla_u (u^\top S u) = (S + S^\top) u",
        r"\nabla_u (u^\top S u) = 2 S u",
    ),
    (
        r"\frac{\partial (S u)}{\partial u} = S",
        r"\frac{\partial (S u)}{\partial u} = S^\top",
    ),
    (r"\nabla_A (u^\top A c) = u c^\top", r"\nabla_A (u^\top A c) = c u^\top"),
    (
        r"\nabla_u \lVert u \rVert = u/\lVert u \rVert",
        r"\nabla_u \lVert u \rVert = u",
    ),
    (
        r"\frac{\partial^2 (u^\top S u)}{\partial u^2} = S + S^\top",
        r"\frac{\partial^2 (u^\top S u)}{\partial u^2} = 2 S",
    ),
    (
        r"\frac{\partial (x u)}{\partial x} = u",
        r"\frac{\partial (x u)}{\partial x} = x",
    ),
]

ALIGNED = [
    (
        r"\begin{aligned} \frac{\partial \mathcal{L}}{\partial w} &= "
        r"2 (x + y) w"
        r" \cdot (x + y) && \text{chain rule} \\ &= 40 \cdot 5 \\ &= 200"
        r"\end{aligned}",
        r"\begin{aligned} \frac{\partial \mathcal{L}}{\partial w} &= "
        r"2 (x + y) w"
        r" \cdot (x + y) && \text{chain rule} \\ &= 20 \cdot 10 \\ &= 210"
        r"\end{aligned}",
    ),
    (
        r"\begin{aligned} x &= 2 \\ y &= 3 \end{aligned}",
        r"\begin{aligned} x &= 2 \\ y &= 2 \end{aligned}",
    ),
    (
        r"\begin{aligned} \sum_{k=1}^{3} k &= 1 + 2 \\ &\quad + 3 \\ &= 6"
        r"\end{aligned}",
        r"\begin{aligned} \sum_{k=1}^{3} k &= 1 + 2 \\ &\quad - 3 \\ &= 6"
        r"\end{aligned}",
    ),
    (
        r"\begin{aligned} x^2 &< y^2 \\ &= 9 \end{aligned}",
        r"\begin{aligned} x^2 &> y^2 \\ &= 9 \end{aligned}",
    ),
    (
        r"\begin{aligned} m_t &= \beta m_{t-1} + 1 \\ &= 1 + \beta m_{t-1}"
        r"\end{aligned} \quad t = 1, \dots, 4",
        r"\begin{aligned} m_t &= \beta m_{t-1} + 1 \\ &= 1 - \beta m_{t-1}"
        r"\end{aligned} \quad t = 1, \dots, 4",
    ),
]

TABLE = [
    *ARITHMETIC,
    *SUMS,
    *ARRAYS,
    *FUNCTIONS,
    *NETWORK,
    *SOFTMAX,
    *OPTIMIZERS,
    *NORMALISATION,
    *DERIVATIVES,
    *ALIGNED,
]
# Bounds that are true but could be tighter; what is tested is their truth.
LOOSE = "the pair tests truth, not tightness"


def test_the_table_is_large_enough() -> None:
    assert len(TABLE) >= 120
    assert len({right for right, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize("right", [pair[0] for pair in TABLE])
def test_the_right_formula_holds(bench: Bench, right: str) -> None:
    verdict = bench.check(right, loose=LOOSE)
    assert verdict.status == "holds", shown(verdict)
    assert verdict.relations >= 1


@pytest.mark.parametrize("wrong", [pair[1] for pair in TABLE])
def test_the_wrong_twin_does_not(bench: Bench, wrong: str) -> None:
    verdict = bench.check(wrong, loose=LOOSE)
    assert verdict.status in ("fails", "error"), shown(verdict)
    assert verdict.findings
    assert verdict.findings[0].place.file == "chapter.md"
