#include "reward/procedural/date_text.h"

#include "gtest/gtest.h"

namespace hone {
namespace {

TEST(DateText, ReadsTheUsualForms) {
  for (const char* text : {"2024-03-05",       "2024-3-5",       "2024/03/05",
                           "2024.3.5",         "March 5, 2024",  "march 5 2024",
                           "MAR 5, 2024",      "Mar. 5th, 2024", "5 March 2024",
                           "5. March 2024",    "5th Mar 2024",   "the 5th of March, 2024",
                           "2024 March 5",     "5.3.2024",       "05.03.2024",
                           "3/5/2024",         "03-05-2024",     "Tuesday, March 5, 2024",
                           "Tue 5 March 2024", " March\n5 2024 "}) {
    const auto date = ReadDate(text);
    ASSERT_TRUE(date.has_value()) << text;
    EXPECT_EQ(date->year, 2024) << text;
    EXPECT_EQ(date->month, 3) << text;
    EXPECT_EQ(date->day, 5) << text;
  }
  EXPECT_EQ(ReadDate("25/3/2024")->month, 3);  // no month has the number 25
  EXPECT_EQ(ReadDate("Sept 1, 2024")->month, 9);
  EXPECT_EQ(ReadDate("May 1, 2024")->month, 5);
  EXPECT_EQ(ReadDate("Tuesday, March 5, 2024")->weekday, 1);
  EXPECT_FALSE(ReadDate("March 5, 2024")->weekday.has_value());
  EXPECT_EQ(ReadDate("2024-02-30")->day, 30);  // whether there is one is for others to say
}

TEST(DateText, WhatIsNoDate) {
  for (const char* text : {"",
                           "2024",
                           "March 2024",
                           "March 5",
                           "5 3 2024",
                           "24-03-05",
                           "2024-03",
                           "2024-03/05",
                           "2024-03-05-06",
                           "2024-003-05",
                           "2024-03-5th",
                           "March 5, 24",
                           "Marsh 5, 2024",
                           "Ma 5, 2024",
                           "March 5, 2024 or April 5, 2024",
                           "2024-03-05 2024-03-06",
                           "Tuesday",
                           "-2024-03-05",
                           "2024--03-05",
                           "20240305",
                           "March 5 March",
                           "2024 5 March",
                           "five March 2024"}) {
    EXPECT_FALSE(ReadDate(text).has_value()) << text;
  }
}

TEST(DateText, Weekdays) {
  EXPECT_EQ(ReadWeekday("Monday"), 0);
  EXPECT_EQ(ReadWeekday("tues"), 1);
  EXPECT_EQ(ReadWeekday("Thu."), 3);
  EXPECT_EQ(ReadWeekday("SUNDAY"), 6);
  for (const char* word : {"", "Mo", "Mondays", "Monday..", "day", "Mon day", "."}) {
    EXPECT_FALSE(ReadWeekday(word).has_value()) << word;
  }
}

}  // namespace
}  // namespace hone
