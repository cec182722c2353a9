#include "reward/language.h"

#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

Verdict Judge(absl::string_view completion, const std::string& language) {
  const auto verifier = MakeLanguageVerifier({.language = language});
  EXPECT_TRUE(verifier.ok()) << verifier.status();
  return (*verifier)->Judge("", completion, "");
}

double Share(absl::string_view completion, const std::string& language) {
  return Judge(completion, language).reward;
}

struct Sample {
  const char* language;
  const char* text;
};

// One thought, in many languages.
constexpr Sample kSamples[] = {
    {"en",
     "We know that the sum of the angles in a triangle is 180 degrees, so the third angle "
     "must be 60 degrees. Let me check this again before I give the answer."},
    {"de",
     "Wir wissen, dass die Summe der Winkel in einem Dreieck 180 Grad ist, also muss der "
     "dritte Winkel 60 Grad sein. Ich prüfe das noch einmal, bevor ich die Antwort gebe."},
    {"fr",
     "Nous savons que la somme des angles d'un triangle est de 180 degrés, donc le troisième "
     "angle doit être de 60 degrés. Je vérifie encore avant de donner la réponse."},
    {"es",
     "Sabemos que la suma de los ángulos de un triángulo es de 180 grados, por lo que el "
     "tercer ángulo debe ser de 60 grados. Lo compruebo otra vez antes de dar la respuesta."},
    {"it",
     "Sappiamo che la somma degli angoli di un triangolo è di 180 gradi, quindi il terzo "
     "angolo deve essere di 60 gradi. Lo controllo ancora prima di dare la risposta."},
    {"pt",
     "Sabemos que a soma dos ângulos de um triângulo é de 180 graus, então o terceiro ângulo "
     "deve ser de 60 graus. Vou verificar isso mais uma vez antes de dar a resposta."},
    {"nl",
     "We weten dat de som van de hoeken van een driehoek 180 graden is, dus moet de derde "
     "hoek 60 graden zijn. Ik controleer het nog een keer voordat ik het antwoord geef."},
    {"sv",
     "Vi vet att summan av vinklarna i en triangel är 180 grader, så den tredje vinkeln "
     "måste vara 60 grader. Jag kontrollerar det en gång till innan jag ger svaret."},
    {"da",
     "Vi ved at summen af vinklerne i en trekant er 180 grader, så den tredje vinkel må være "
     "60 grader. Jeg kontrollerer det en gang til før jeg giver svaret."},
    {"pl",
     "Wiemy, że suma kątów w trójkącie jest równa 180 stopni, więc trzeci kąt to 60 stopni. "
     "Sprawdzę to jeszcze raz, zanim podam odpowiedź, bo tak się robi."},
    {"cs",
     "Víme, že součet úhlů v trojúhelníku je 180 stupňů, takže třetí úhel je 60 stupňů. "
     "Ještě to zkontroluji, než dám odpověď, protože se to tak dělá a je to dobré."},
    {"ro",
     "Știm că suma unghiurilor unui triunghi este de 180 de grade, deci al treilea unghi este "
     "de 60 de grade. Mai verific o dată înainte să dau răspunsul, pentru că așa este bine."},
    {"tr",
     "Bir üçgenin açıları toplamının 180 derece olduğu biliniyor ve bu yüzden üçüncü açı 60 "
     "derece olur. Cevabı vermeden önce bir daha kontrol ediyorum, çok dikkatli olarak."},
    {"fi",
     "Tiedämme että kolmion kulmien summa on 180 astetta, joten kolmas kulma on 60 astetta. "
     "Tarkistan sen vielä kerran, koska se on tärkeää, ja sitten annan vastauksen."},
    {"vi",
     "Chúng ta biết tổng các góc của một tam giác là 180 độ, vì vậy góc thứ ba là 60 độ. Tôi "
     "sẽ kiểm tra lại trước khi đưa ra câu trả lời cho bài toán này."},
    {"id",
     "Kita tahu bahwa jumlah sudut dalam segitiga adalah 180 derajat, maka sudut ketiga adalah "
     "60 derajat. Saya akan memeriksa ini sekali lagi untuk jawaban yang benar."},
    {"zh", "我们知道三角形的内角和是180度，所以第三个角是60度。在给出答案之前，我再检查一遍。"},
    {"ja", "三角形の内角の和は180度なので、三つ目の角は60度です。答える前にもう一度確かめます。"},
    {"ko", "삼각형의 내각의 합은 180도이므로 세 번째 각은 60도입니다. 다시 확인하겠습니다."},
    {"ru", "Мы знаем, что сумма углов треугольника равна 180 градусам, значит третий угол 60."},
    {"ar", "نعلم أن مجموع زوايا المثلث يساوي 180 درجة، لذا فإن الزاوية الثالثة 60 درجة."},
    {"he", "אנחנו יודעים שסכום הזוויות במשולש הוא 180 מעלות."},
    {"el", "Ξέρουμε ότι το άθροισμα των γωνιών ενός τριγώνου είναι 180 μοίρες."},
    {"hi", "हम जानते हैं कि त्रिभुज के कोणों का योग 180 डिग्री होता है।"},
    {"th", "เรารู้ว่าผลรวมของมุมในสามเหลี่ยมคือ 180 องศา"},
};

TEST(Language, EachIsItself) {
  for (const Sample& sample : kSamples) {
    const Verdict verdict = Judge(sample.text, sample.language);
    EXPECT_EQ(verdict.reward, 1) << sample.language << ": " << verdict.detail;
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect);
  }
}

TEST(Language, NoneIsAnother) {
  for (const Sample& sample : kSamples) {
    for (const Sample& target : kSamples) {
      if (sample.language == target.language) continue;
      const double share = Share(sample.text, target.language);
      EXPECT_LE(share, 0.5) << sample.language << " as " << target.language;
    }
  }
}

TEST(Language, MixedTextsHaveAShare) {
  const std::string english = kSamples[0].text, chinese = kSamples[16].text;
  const std::string mixed = absl::StrCat(english, " ", chinese);
  const double en = Share(mixed, "en"), zh = Share(mixed, "zh");
  EXPECT_NEAR(en + zh, 1, 1e-12);
  EXPECT_GT(en, 0.3);
  EXPECT_GT(zh, 0.3);
  EXPECT_EQ(Judge(mixed, "en").outcome, Outcome::kIncorrect);
  EXPECT_EQ(Share("我们 we", "zh"), 2.0 / 3);
}

TEST(Language, CodeAndFormulasAreOfNone) {
  const std::string chinese = "答案如下：";
  for (const char* neutral : {"```python\nfor item in list: print(item)\n```", "`print`",
                              "$\\sin \\alpha + total$", "\\[ \\frac{area}{2} \\]", "\\(speed\\)",
                              "\\begin{align} area &= 2 \\end{align}", "<think>", "</answer>",
                              "x + y = z", "https://example.org/path", "x_1 and_so", "f2", "42"}) {
    EXPECT_EQ(Share(absl::StrCat(chinese, neutral), "zh"), 1) << neutral;
  }
  // What opens and never closes is text.
  EXPECT_LT(Share(absl::StrCat(chinese, "```we hide here"), "zh"), 1);
  EXPECT_LT(Share(absl::StrCat(chinese, "$we hide here"), "zh"), 1);
  // Words of another script are no part of a formula.
  EXPECT_LT(Share("We know that $x = \\text{其中}$", "en"), 1);
}

TEST(Language, WithoutWordsThereIsNothingToJudge) {
  for (const char* completion : {"", "3*8 = 24", "```so we hide```", "x"}) {
    EXPECT_EQ(Judge(completion, "en").outcome, Outcome::kUnparseable) << completion;
    EXPECT_EQ(Judge(completion, "en").reward, 0);
  }
}

TEST(Language, AFewWordsWithoutASmallOneAreNotAccused) {
  EXPECT_EQ(Share("Compute 3*8: twenty-four. Done!", "en"), 1);
  EXPECT_EQ(Share("blorf snarg plimp trund vekko zulan morbit frape quasto nimbel", "en"), 0);
}

TEST(Language, EveryCodeOfTheConfigurationIsKnown) {
  for (const std::string& code : LanguageSpec::Codes()) {
    EXPECT_TRUE(MakeLanguageVerifier({.language = code}).ok()) << code;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(MakeLanguageVerifier({.language = "xx"}).status()));
}

TEST(Language, HugeTextsAreJudgedAtOnce) {
  for (const char* part : {"$", "`", "\\(", "\\begin{", "a ", "我", "\xff", "```", "$$ $", "<a>"}) {
    std::string text;
    while (text.size() < 1 << 21) text += part;
    const std::clock_t begin = std::clock();
    Judge(text, "en");
    EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 5) << part;
  }
}

}  // namespace
}  // namespace hone
