#!/usr/bin/python3
"""A second opinion on the evidence engine, which shares no code with it.

The same figures are computed here from the formulas of docs/EVIDENCE.md and of
the sources named there, in other ways where there are any: Student's t by its
finite sums, the regression by solving its normal equations with pivots, tau2
by Fisher's scoring and by its likelihood.

    check_evidence.py tool TOOL      evidence_tool, on the examples and on seeded figures
    check_evidence.py cli WEALD      what `weald evidence --csv FILE --json` prints of the examples
    check_evidence.py r TOOL         evidence_tool, against R's glm and metafor (needs Rscript)

Prints how many results agree, and ends with 1 where one does not.
"""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERIES = HERE.parent / "data" / "effects" / "series"
PHASES = {"before": 0, "transition": 1, "after": 2}
RATES = {"violence-incidents", "hospital-acquired-aki"}
CASES = 300

# ---- statistics ---------------------------------------------------------


def student_within(t: float, df: int) -> float:
    """The probability that |T| <= t: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4."""
    theta = math.atan(t / math.sqrt(df))
    cos, sin = math.cos(theta), math.sin(theta)
    term = cos if df % 2 else 1.0
    total = 0.0 if df == 1 else term
    for i in range(3 if df % 2 else 2, df - 1, 2):
        term *= cos * cos * (i - 1) / i
        total += term
    return 2 / math.pi * (theta + sin * total) if df % 2 else sin * total


def t975(df: int) -> float:
    """The 97.5 % quantile, by halving."""
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        if student_within(middle, df) < 0.95:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def solve(a: list, b: list) -> list:
    """a x = b, by elimination with pivots."""
    n = len(b)
    m = [row[:] + [b[i]] for i, row in enumerate(a)]
    for c in range(n):
        p = max(range(c, n), key=lambda r: abs(m[r][c]))
        m[c], m[p] = m[p], m[c]
        for r in range(n):
            if r != c:
                f = m[r][c] / m[c][c]
                m[r] = [x - f * y for x, y in zip(m[r], m[c])]
    return [m[i][n] / m[i][i] for i in range(n)]


def poisson_fit(x: list, y: list, n: list) -> tuple:
    """Newton's method on the log likelihood: coefficients, their variances, fitted means."""
    k = len(x[0])
    beta = [math.log(sum(y) / sum(n))] + [0.0] * (k - 1)
    for _ in range(100):
        mu = [ni * math.exp(sum(b * v for b, v in zip(beta, row))) for row, ni in zip(x, n)]
        info = [[sum(m * row[i] * row[j] for row, m in zip(x, mu)) for j in range(k)] for i in range(k)]
        score = [sum((yi - m) * row[i] for row, yi, m in zip(x, y, mu)) for i in range(k)]
        step = solve(info, score)
        beta = [b + s for b, s in zip(beta, step)]
        if max(abs(s) for s in step) < 1e-13:
            break
    variances = [solve(info, [1.0 if i == j else 0.0 for j in range(k)])[i] for i in range(k)]
    return beta, variances, mu


def effect(rows: list, shape: str, trend: bool) -> dict:
    """Own trend or before/after, of rows (month, numerator, denominator, phase)."""
    used = sorted(r for r in rows if r[3] != 1)
    start = used[0][0]
    y = [float(r[1]) for r in used]
    n = [1.0 if shape == "count" else float(r[2]) for r in used]
    x = [[1.0, 1.0 if r[3] == 2 else 0.0] + ([float(r[0] - start)] if trend else []) for r in used]
    beta, variances, mu = poisson_fit(x, y, n)
    residuals = [(yi - m) / math.sqrt(m) for yi, m in zip(y, mu)]
    squares = sum(r * r for r in residuals)
    df = len(used) - len(x[0])
    floor = 1 - sum(y) / sum(n) if shape == "proportion" else 1
    phi = max(squares / df, floor)
    half = t975(df) * math.sqrt(phi * variances[1])
    return {"log_ratio": beta[1], "variance": phi * variances[1], "phi": phi, "df": df, "ratio": math.exp(beta[1]),
            "low": math.exp(beta[1] - half), "high": math.exp(beta[1] + half),
            "lag1": sum(a * b for a, b in zip(residuals, residuals[1:])) / squares}


def controlled(rows: list, others: list, shape: str) -> dict:
    """The ratio of two before/after ratios over the months that all have."""
    months = set(r[0] for r in rows).intersection(*[set(r[0] for r in o) for o in others])
    phase = {r[0]: r[3] for r in rows}
    sums = [(m, sum(r[1] for o in others for r in o if r[0] == m), sum(r[2] for o in others for r in o if r[0] == m),
             phase[m]) for m in months]
    own = effect([r for r in rows if r[0] in months], shape, False)
    theirs = effect(sums, shape, False)
    log, variance, df = (own[k] - theirs[k] if k == "log_ratio" else own[k] + theirs[k]
                         for k in ("log_ratio", "variance", "df"))
    half = t975(df) * math.sqrt(variance)
    return {"log_ratio": log, "variance": variance, "df": df, "ratio": math.exp(log), "low": math.exp(log - half),
            "high": math.exp(log + half)}


def restricted(inputs: list, tau2: float) -> tuple:
    """The restricted log likelihood at tau2, the mean and the sum of the weights."""
    w = [1 / (v + tau2) for _, v in inputs]
    mu = sum(wi * y for wi, (y, _) in zip(w, inputs)) / sum(w)
    q = sum(wi * (y - mu) ** 2 for wi, (y, _) in zip(w, inputs))
    return (sum(math.log(wi) for wi in w) - math.log(sum(w)) - q) / 2, mu, sum(w), q


def reml_score(inputs: list, tau2: float) -> tuple:
    """The slope of the restricted log likelihood, twice, and Fisher's information, twice."""
    w = [1 / (v + tau2) for _, v in inputs]
    s, s2, s3 = sum(w), sum(a ** 2 for a in w), sum(a ** 3 for a in w)
    mu = sum(a * y for a, (y, _) in zip(w, inputs)) / s
    score = sum(a * a * (y - mu) ** 2 for a, (y, _) in zip(w, inputs)) - (s - s2 / s)
    return score, s2 - 2 * s3 / s + (s2 / s) ** 2


def tau2_reml(inputs: list) -> float:
    """Fisher's scoring (Viechtbauer 2005), in steps that never make it less likely; 0 where the score at 0 is below 0."""
    if reml_score(inputs, 0)[0] <= 0:
        return 0.0
    t = 0.0
    for _ in range(10000):
        score, information = reml_score(inputs, t)
        step = score / information
        # the information may promise too much: half as far, until it is no worse
        while t + step < 0 or reml_score(inputs, t + step)[0] * score < 0 and abs(step) > 1e-15 * (t + 1e-12) and \
                restricted(inputs, t + step)[0] < restricted(inputs, t)[0]:
            step /= 2
        t += step
        if abs(step) <= 1e-14 * (t + 1e-12):
            break
    return t


def pool(inputs: list) -> dict:
    """REML, Hartung and Knapp's interval with the floor, prediction from five on."""
    k = len(inputs)
    tau2 = tau2_reml(inputs)
    _, mu, weight, q = restricted(inputs, tau2)
    se = math.sqrt(max(1, q / (k - 1)) / weight)
    t = t975(k - 1)
    w0 = [1 / v for _, v in inputs]
    s2 = (k - 1) * sum(w0) / (sum(w0) ** 2 - sum(w * w for w in w0))
    out = {"mu": mu, "se": se, "tau2": tau2, "i2": 100 * tau2 / (tau2 + s2), "q": restricted(inputs, 0)[3],
           "ratio": math.exp(mu), "low": math.exp(mu - t * se), "high": math.exp(mu + t * se)}
    if k >= 5:
        half = t * math.sqrt(tau2 + se * se)
        out.update(predict_low=math.exp(mu - half), predict_high=math.exp(mu + half))
    return out


# ---- charts -------------------------------------------------------------


def same_side(xs: list) -> bool:
    return all(x > 0 for x in xs) or all(x < 0 for x in xs)


def windows(n: int, length: int):
    return (range(i, i + length) for i in range(n - length + 1))


def xmr(rows: list, fix: int, screened: bool) -> list:
    """Limits and labels of an XmR chart by the rules mdc-7, as one group."""
    x = [r[1] / r[2] for r in sorted(rows)]
    base = x[:fix] if fix else x
    mean = sum(base) / len(base)
    mr = [abs(b - a) for a, b in zip(base, base[1:])]
    amr = sum(mr) / len(mr)
    if screened:
        kept = [m for m in mr if m < 3.267 * amr]
        amr = sum(kept) / len(kept) if kept else 0.0
    upper, lower = mean + 2.66 * amr, mean - 2.66 * amr
    near = 2.66 * amr * 2 / 3
    off = [v - mean for v in x]
    outside = {i for i, v in enumerate(x) if v > upper or v < lower}
    trend, shift, two = set(), set(), set()
    for w in windows(len(x), 7):
        if same_side([x[i + 1] - x[i] for i in w[:-1]]):
            trend.update(w)
        if same_side([off[i] for i in w]):
            shift.update(w)
    for w in windows(len(x), 3):
        beyond = [i for i in w if abs(off[i]) > near and i not in outside]
        if len(beyond) >= 2 and same_side([off[i] for i in w]):
            two.update(beyond)
    def label(i):
        for name, points in (("outside", outside), ("trend", trend), ("two-in-three", two), ("shift", shift)):
            if i in points:
                return name
        return "common"
    return [{"value": v, "centre": mean, "lower": lower, "upper": upper, "signal": label(i)} for i, v in enumerate(x)]


# ---- figures ------------------------------------------------------------


def read_series(path: Path) -> list:
    rows = []
    for line in path.read_text().splitlines()[1:]:
        month, numerator, denominator, phase = line.split(",")
        year, m = int(month[:4]), int(month[5:7])
        rows.append(((year - 1970) * 12 + m - 1, float(numerator), float(denominator), PHASES[phase]))
    return rows


def shape_of(name: str) -> str:
    return "rate" if name.split("--")[0] in RATES else "proportion"


def examples() -> dict:
    return {p.stem: read_series(p) for p in sorted(SERIES.glob("*.csv"))}


def random_series(rng: random.Random) -> list:
    before, after = rng.randint(12, 24), rng.randint(10, 24)
    gap = rng.randint(0, 3)
    level, trend, step = rng.uniform(0.02, 0.5), rng.gauss(0, 0.02), rng.gauss(0, 0.4)
    rows = []
    for i in range(before + gap + after):
        if rng.random() < 0.05 and 0 < i < before + gap + after - 1 and before > 13 and after > 11:
            continue
        size = rng.randint(40, 400)
        phase = 0 if i < before else 1 if i < before + gap else 2
        share = min(level * math.exp(trend * i + (step if phase == 2 else 0) + rng.gauss(0, 0.1)), 0.95)
        rows.append((600 + i, float(sum(rng.random() < share for _ in range(size))), float(size), phase))
    return rows


def usable(rows: list) -> bool:
    """Enough months for a full estimate, and events on both sides."""
    return all(len([r for r in rows if r[3] == p]) >= least and sum(r[1] for r in rows if r[3] == p) > 0
               for p, least in ((0, 12), (2, 10)))


def random_inputs(rng: random.Random) -> list:
    spread = rng.choice([0, 0.05, 0.2, 0.6])
    return [(rng.gauss(-0.2, 1) * spread + rng.gauss(0, math.sqrt(v)), v)
            for v in (math.exp(rng.gauss(-3, 1)) for _ in range(rng.randint(3, 12)))]


# ---- checks -------------------------------------------------------------


class Tally:
    def __init__(self):
        self.agree = 0
        self.differ = []

    def near(self, what: str, got: float, expected: float, relative: float = 1e-6, absolute: float = 1e-9):
        if abs(got - expected) <= relative * abs(expected) + absolute:
            self.agree += 1
        else:
            self.differ.append(f"{what}: {got!r}, here {expected!r}")

    def same(self, what: str, got, expected):
        if got == expected:
            self.agree += 1
        else:
            self.differ.append(f"{what}: {got!r}, here {expected!r}")

    def all_of(self, what: str, got: dict, expected: dict, **how):
        for key, value in expected.items():
            self.near(f"{what} {key}", got[key], value, **how)

    def end(self) -> int:
        for line in self.differ[:20]:
            print(line)
        print(f"{self.agree} agree, {len(self.differ)} differ")
        return 1 if self.differ or self.agree == 0 else 0


def ask(tool: str, questions: list) -> list:
    done = subprocess.run([tool], input=json.dumps(questions), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def questions_of(rng: random.Random) -> list:
    """(what, question) of the examples and of seeded figures."""
    out = []
    named = examples()
    for name, rows in named.items():
        out += [(name, {"do": "xmr", "rows": rows, "fix": fix, "screened": s}) for fix in (0, 12) for s in (True, False)]
        if not usable(rows):
            continue
        out += [(name, {"do": do, "shape": shape_of(name), "rows": rows}) for do in ("own-trend", "before-after")]
        others = [named[f"sepsis-late-antibiotics--{r}"]
                  for r in ("kent-surrey-sussex", "east-midlands", "oxford-thames-valley")]
        if name.startswith("sepsis"):
            out.append((name, {"do": "controlled", "shape": "proportion", "rows": rows, "others": others}))
    for i in range(CASES):
        rows = random_series(rng)
        shape = rng.choice(["rate", "proportion", "count"])
        out.append((f"random {i}", {"do": "xmr", "rows": rows, "fix": rng.choice([0, 12]), "screened": i % 2 == 0}))
        if usable(rows):
            others = [random_series(rng) for _ in range(3)]
            out += [(f"random {i}", {"do": do, "shape": shape, "rows": rows}) for do in ("own-trend", "before-after")]
            common = set(r[0] for r in rows).intersection(*[set(r[0] for r in o) for o in others])
            if usable([r for r in rows if r[0] in common]):
                out.append((f"random {i}", {"do": "controlled", "shape": shape, "rows": rows, "others": others}))
        out.append((f"random {i}", {"do": "pool", "inputs": random_inputs(rng)}))
    return out


def check_pool(tally: Tally, what: str, question: dict, got: dict):
    inputs = question["inputs"]
    expected = pool(inputs)
    tally.all_of(what, got, expected)
    tally.same(f"{what} has_prediction", got["has_prediction"], len(inputs) >= 5)
    # and no tau2 beside it is likelier
    best = restricted(inputs, got["tau2"])[0]
    for factor in (0.999, 1.001):
        tally.same(f"{what} likelihood", restricted(inputs, got["tau2"] * factor)[0] <= best + 1e-12, True)


def check_tool(tool: str) -> int:
    tally = Tally()
    asked = questions_of(random.Random(20240101))
    for (name, question), got in zip(asked, ask(tool, [q for _, q in asked])):
        do = question["do"]
        what = f"{name} {do}"
        if do == "pool":
            check_pool(tally, what, question, got)
        elif do == "xmr":
            expected = xmr(question["rows"], question["fix"], question["screened"])
            tally.same(f"{what} points", len(got), len(expected))
            for g, e in zip(got, expected):
                tally.same(f"{what} signal", g.pop("signal"), e.pop("signal"))
                tally.all_of(what, g, e)
        elif do == "controlled":
            tally.all_of(what, got, controlled(question["rows"], question["others"], question["shape"]))
        else:
            tally.same(f"{what} state", got["state"], "full")
            tally.all_of(what, got, effect(question["rows"], question["shape"], do == "own-trend"))
    return tally.end()


def check_cli(weald: str) -> int:
    tally = Tally()
    for name, rows in examples().items():
        if not usable(rows):
            continue
        start = next(r[0] for r in rows if r[3] != 0)
        transition = len([r for r in rows if r[3] == 1])
        args = [weald, "evidence", "--csv", SERIES / f"{name}.csv", "--shape", shape_of(name), "--direction", "decrease",
                "--start", f"{1970 + start // 12}-{start % 12 + 1:02}-01", "--transition", str(transition), "--json"]
        done = subprocess.run(args, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr}")
        effects = json.loads(done.stdout)["effects"]
        for key, trend in (("own_trend", True), ("before_after", False)):
            expected = effect(rows, shape_of(name), trend)
            tally.all_of(f"{name} {key}", effects[key], {k: expected[k] for k in ("ratio", "low", "high", "df")})
    return tally.end()


R_SCRIPT = r"""
suppressMessages(library(metafor))
lines <- readLines(file("stdin"))
for (line in lines) {
  part <- strsplit(line, "|", fixed = TRUE)[[1]]
  cols <- lapply(strsplit(part[-1], ","), as.numeric)
  if (part[1] == "pool") {
    m <- rma(yi = cols[[1]], vi = cols[[2]], method = "REML", test = "adhoc",
             control = list(threshold = 1e-12, maxiter = 10000))
    out <- c(m$beta, m$se, m$tau2, m$I2, m$QE, m$ci.lb, m$ci.ub)
  } else {
    y <- cols[[1]]; n <- cols[[2]]; after <- cols[[3]]; month <- cols[[4]]
    model <- if (part[1] == "own-trend") y ~ after + month + offset(log(n)) else y ~ after + offset(log(n))
    m <- glm(model, family = quasipoisson, epsilon = 1e-14, maxit = 100)
    s <- summary(m, dispersion = 1)$coefficients["after", ]
    out <- c(s[1], s[2], sum(residuals(m, "pearson")^2) / m$df.residual)
  }
  cat(sprintf("%.15g", out), "\n")
}
"""


def line_for_r(question: dict) -> str:
    if question["do"] == "pool":
        columns = list(zip(*question["inputs"]))
    else:
        used = [r for r in question["rows"] if r[3] != 1]
        columns = [[r[1] for r in used], [1 if question["shape"] == "count" else r[2] for r in used],
                   [int(r[3] == 2) for r in used], [r[0] - 600 for r in used]]
    return "|".join([question["do"]] + [",".join(repr(float(v)) for v in c) for c in columns])


def check_r(tool: str) -> int:
    tally = Tally()
    asked = [a for a in questions_of(random.Random(7)) if a[1]["do"] in ("own-trend", "before-after", "pool")]
    done = subprocess.run(["Rscript", "-e", R_SCRIPT], input="\n".join(line_for_r(q) for _, q in asked),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"Rscript: {done.stderr}")
    answers = ask(tool, [q for _, q in asked])
    # where the likelihood falls from 0 and rises to a second maximum later, tau2 is 0 here and metafor may take that
    second = 0
    for (name, question), got, line in zip(asked, answers, done.stdout.splitlines()):
        r = [float(v) for v in line.split()]
        what = f"{name} {question['do']} (R)"
        if question["do"] == "pool":
            if got["tau2"] == 0 and r[2] > 1e-3 and reml_score(question["inputs"], 0)[0] <= 0:
                second += 1
                continue
            expected = dict(zip(("mu", "se", "tau2", "i2", "q", "low", "high"), r))
            expected.update(low=math.exp(expected["low"]), high=math.exp(expected["high"]))
            # metafor stops a little before the end; where tau2 is nearly 0 that is much of it
            tally.all_of(what, got, expected, relative=1e-5, absolute=1e-7)
            continue
        used = [q for q in question["rows"] if q[3] != 1]
        share = sum(q[1] for q in used) / sum(q[2] for q in used)
        phi = max(r[2], 1 - share if question["shape"] == "proportion" else 1)
        tally.all_of(what, got, {"log_ratio": r[0], "variance": phi * r[1] ** 2, "phi": phi})
    tally.same("few have a second maximum", second <= 0.02 * CASES, True)
    tally.same("answers of R", len(done.stdout.splitlines()), len(asked))
    return tally.end()


def main() -> int:
    modes = {"tool": check_tool, "cli": check_cli, "r": check_r}
    if len(sys.argv) != 3 or sys.argv[1] not in modes:
        sys.exit(__doc__)
    return modes[sys.argv[1]](sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
